// Before anything is drawn: the theme that this browser has chosen, where it has.
const chosen = localStorage.getItem("theme");
if (chosen) document.documentElement.dataset.theme = chosen;
