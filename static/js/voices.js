// The gallery's samples: one at a time, started and stopped by the same button. Without this module they are links.

const audio = new Audio();
const status = document.getElementById("voices-status");
let playing = null;

function makeButtons() {
  for (const link of document.querySelectorAll("a[data-preview]:not([role])")) {
    link.setAttribute("role", "button");
    link.setAttribute("aria-pressed", "false");
  }
  if (playing && !playing.isConnected) stop(); // it went with the list that it was in
}

function stop() {
  audio.pause();
  if (!playing) return;
  playing.setAttribute("aria-pressed", "false");
  playing.querySelector("[data-label]").textContent = playing.dataset.play;
  playing = null;
}

async function toggle(link) {
  const wasPlaying = playing === link;
  stop();
  if (wasPlaying) return;
  playing = link;
  link.setAttribute("aria-pressed", "true");
  link.querySelector("[data-label]").textContent = link.dataset.stop;
  status.textContent = "";
  audio.src = link.href;
  try {
    await audio.play();
  } catch (error) {
    if (error.name === "AbortError") return; // another one was started meanwhile
    stop();
    status.textContent = status.dataset.failed;
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-preview]");
  if (!link) return;
  event.preventDefault();
  toggle(link);
});
document.addEventListener("keydown", (event) => {
  // A link answers Enter; what is called a button answers Space, too.
  if (event.key !== " " || !event.target.matches?.("a[data-preview]")) return;
  event.preventDefault();
  toggle(event.target);
});
audio.addEventListener("ended", stop);
document.addEventListener("htmx:afterSettle", makeButtons);
makeButtons();
