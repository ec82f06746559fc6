// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import Logging
import Yams
