// Times are shown in UTC; the reader's own stands on hover. All pages read the same without this.
for (const time of document.querySelectorAll('time')) {
  time.title = new Date(time.dateTime).toLocaleString(undefined, { timeZoneName: 'short' });
}
// Ctrl+Enter, or Cmd+Enter, asks.
for (const editor of document.querySelectorAll('form.sql textarea')) {
  editor.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) editor.form.requestSubmit();
  });
}
