// A dot's page: says aloud how far a voice is, and copies the link. The player has a module of its own.

const announcer = document.getElementById("dot-announcer");
const said = new Map();

/** Screen readers hear a milestone once, not every tick of the bar. */
function announce(element) {
  const words = element.dataset.announce;
  if (!words || said.get(element.id) === words) return;
  said.set(element.id, words);
  announcer.textContent = words;
}

function showScriptedButtons() {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
}

let focusWasInside = false;
document.addEventListener("htmx:beforeSwap", () => {
  focusWasInside = document.getElementById("dot-body").contains(document.activeElement);
});
document.addEventListener("htmx:afterSettle", () => {
  showScriptedButtons();
  for (const element of document.querySelectorAll("[data-announce]")) announce(element);
  // The button that had the focus went with the old page: go on at the top of the new one, not at the site's.
  if (focusWasInside && document.activeElement === document.body) document.getElementById("dot-title").focus();
});

// --- Copy the link ------------------------------------------------------------------------------
async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    announcer.textContent = button.dataset.copied;
    button.textContent = button.dataset.copied;
  } catch {
    // Browsers give the clipboard to safe addresses only; the link is marked for the visitor's own Ctrl-C.
    getSelection().selectAllChildren(button.previousElementSibling);
    announcer.textContent = button.dataset.failed;
    button.textContent = button.dataset.failed;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});

showScriptedButtons();
