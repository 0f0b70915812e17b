// Runs before the first paint, so that a chosen theme does not flash. A classic script: modules wait for the document.
try {
  document.documentElement.dataset.theme = JSON.parse(localStorage.getItem("telemetra.prefs") ?? "{}").theme ?? "auto";
} catch {
  document.documentElement.dataset.theme = "auto";
}
