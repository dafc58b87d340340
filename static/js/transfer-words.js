// How far a transfer is, in words: "1.2 MB of 8 MB · 300 kB a second, 23 seconds left".

const language = document.documentElement.lang || undefined;

export const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_whole, name) => values[name]);

export function inWords(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(bytes) / Math.log(1024)));
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: units[step],
    unitDisplay: step ? "short" : "long",
    maximumFractionDigits: step > 1 ? 1 : 0,
  }).format(bytes / 1024 ** step);
}

function timeInWords(seconds) {
  const [number, unit] = seconds < 60 ? [seconds, "second"] : seconds < 3600 ? [seconds / 60, "minute"] : [seconds / 3600, "hour"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(Math.max(1, Math.round(number)));
}

/** Of a transfer that is being sent. */
export function progressInWords({ sent, file, speed, secondsLeft }, words) {
  const parts = [fill(words.progress, { sent: inWords(sent), total: inWords(file.size) })];
  if (speed) parts.push(fill(words.pace, { speed: inWords(speed), left: timeInWords(secondsLeft) }));
  return parts.join(" · ");
}
