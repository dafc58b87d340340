// The waveform of a file's sound: shows what was heard of it, and a click on it goes there. The player below does the rest.

const preview = document.getElementById("preview");
const drawing = () => preview?.querySelector(".waveform__drawing");
const player = () => preview?.querySelector("audio");

/** Browsers write no duration into what they record; the server has counted it. */
function duration() {
  return Number.isFinite(player().duration) ? player().duration : Number(drawing().dataset.seconds);
}

function draw() {
  const wave = drawing();
  if (!wave) return;
  wave.classList.add("is-scripted");
  const share = duration() ? player().currentTime / duration() : 0;
  wave.style.setProperty("--heard", `${100 * share}%`);
}

preview?.addEventListener("click", (event) => {
  const wave = event.target.closest(".waveform__drawing");
  if (!wave) return;
  const { left, width } = wave.getBoundingClientRect();
  player().currentTime = (duration() * (event.clientX - left)) / width;
});
// These do not bubble.
for (const name of ["timeupdate", "seeked", "loadedmetadata"]) preview?.addEventListener(name, draw, { capture: true });
document.addEventListener("htmx:afterSettle", draw);
draw();
