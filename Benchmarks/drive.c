// SPDX-License-Identifier: Apache-2.0
// drive PORT PATH SECONDS CONNECTIONS: requests as fast as they are answered; prints how many in a second. A client that costs little, so that
// requests wait for the server and not the other way about.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static char answer[1 << 20], request[512];
int main(int argc, char **argv) {
  int port = atoi(argv[1]), connections = atoi(argv[4]), yes = 1;
  double seconds = atof(argv[3]);
  int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: drive\r\n\r\n", argv[2], port);
  struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int poll = epoll_create1(0);
  long received[1024] = {0}, length = 0, count = 0;
  for (int i = 0; i < connections; i++) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd >= 1024 || connect(fd, (void *)&place, sizeof place)) return 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
    if (send(fd, request, size, 0) != size) return 1;
  }
  double began = now(), end = began + seconds;
  struct epoll_event events[64];
  while (now() < end) {
    int ready = epoll_wait(poll, events, 64, 100);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      long got = recv(fd, answer, sizeof answer - 1, 0);
      if (got <= 0) return 1;
      if (!length) { /* All heads are of one length: the date has one form. */
        answer[got] = 0;
        char *body = strstr(answer, "\r\n\r\n"), *header = strcasestr(answer, "content-length:");
        if (!body || !header) return 1;
        length = body + 4 - answer + atol(header + 15);
      }
      received[fd] += got;
      if (received[fd] >= length) { received[fd] = 0; count++; if (send(fd, request, size, 0) != size) return 1; }
    }
  }
  printf("%f\n", count / (now() - began));
  return 0;
}
