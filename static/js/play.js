// The play page: tells what was heard, and shares the link. Nothing is stored on the device: the visit's name is random,
// lives in this variable and is gone with the page.

const PROGRESS_SECONDS = 10;
const COMPLETE_SHARE = 0.95;

const page = document.querySelector(".play");
const audio = page.querySelector("audio");
// Not randomUUID(): browsers have it on https only, and a museum's own network may be without.
const visit = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

let heard = 0; // seconds of audio since the last event
let lastTime = 0;
let isStarted = false;
let isComplete = false;

function tell(event) {
  const told = { visit, event, position: round(audio.currentTime), heard: round(heard), language: page.dataset.language };
  heard = 0;
  const body = JSON.stringify(told);
  if (!navigator.sendBeacon?.(page.dataset.events, body)) {
    fetch(page.dataset.events, { method: "POST", body, keepalive: true, credentials: "omit" }).catch(() => {});
  }
}

function round(seconds) {
  return Math.round(seconds * 10) / 10;
}

audio.addEventListener("playing", () => {
  lastTime = audio.currentTime;
  if (isStarted) return;
  isStarted = true;
  tell("play");
});

audio.addEventListener("timeupdate", () => {
  const passed = audio.currentTime - lastTime;
  lastTime = audio.currentTime;
  // Anything else is a jump, not listening; the browser speaks up four times a second and more.
  if (!audio.seeking && passed > 0 && passed < 3 * audio.playbackRate) heard += passed;
  if (!isComplete && isStarted && audio.currentTime >= COMPLETE_SHARE * audio.duration) {
    isComplete = true;
    tell("complete");
  } else if (heard >= PROGRESS_SECONDS) {
    tell("progress");
  }
});

// The rest, when the page goes: a tab that is put away on a telephone may never come back.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden" && heard >= 1) tell("progress");
});

const share = page.querySelector("[data-share]");
share.addEventListener("click", async (event) => {
  const status = page.querySelector(".share-status");
  const link = { title: document.querySelector("h1").textContent, url: share.href };
  // Without either it stays what it is: a link.
  if (navigator.share) {
    event.preventDefault();
    await navigator.share(link).catch(() => {});
  } else if (navigator.clipboard) {
    event.preventDefault();
    await navigator.clipboard.writeText(link.url).then(
      () => (status.textContent = share.dataset.copied),
      () => (location.href = link.url),
    );
  }
});
