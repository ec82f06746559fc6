// Runs before the first paint, so that a chosen theme never flashes. A classic script for that reason; everything else is a module.
try {
  const theme = localStorage.getItem('cairn.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch { /* storage may be closed to us; the system's theme stands */ }
