// Captions as WebVTT: read for the editor, written for the server, which judges them (generations/webvtt.py).

const TIMING = /^\s*((?:\d{2,4}:)?[0-5]\d:[0-5]\d\.\d{3})\s*-->\s*((?:\d{2,4}:)?[0-5]\d:[0-5]\d\.\d{3})(?:\s.*)?$/;
const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&nbsp;": " " };

/** The cues of a file, or null where it has something that an editor of cues cannot show. */
export function parse(vtt) {
  const blocks = vtt.replace(/\r\n?/g, "\n").replace(/^\ufeff/, "").split(/\n(?:[ \t]*\n)+/);
  if (!/^WEBVTT(?:[ \t\n]|$)/.test(blocks.shift() ?? "")) return null;
  const cues = [];
  for (const block of blocks) {
    const lines = block.split("\n").filter((line) => line.trim());
    if (!lines.length) continue;
    const at = lines.slice(0, 2).findIndex((line) => line.includes("-->"));
    const timing = at >= 0 && TIMING.exec(lines[at]);
    if (!timing) return null; // a note, a style, or a mistake: it must not get lost
    const text = lines.slice(at + 1).join(" ").replace(/<[^<>]*>/g, "").replace(/&(?:amp|lt|gt|nbsp);/g, (name) => ENTITIES[name]);
    cues.push({ start: readTime(timing[1]), end: readTime(timing[2]), text: text.trim() });
  }
  return cues;
}

/** A file of these cues. */
export function toVtt(cues) {
  const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const blocks = cues.map(({ start, end, text }) => `${toTime(start)} --> ${toTime(end)}\n${escape(text)}`);
  return `${["WEBVTT", ...blocks].join("\n\n")}\n`;
}

/** 65.2 → "01:05.200"; 3665 → "01:01:05.000". */
export function toTime(seconds) {
  const whole = Math.round(seconds * 1000);
  const padded = (number, digits = 2) => String(number).padStart(digits, "0");
  const [hours, minutes] = [Math.floor(whole / 3_600_000), Math.floor(whole / 60_000) % 60];
  const rest = `${padded(minutes)}:${padded(Math.floor(whole / 1000) % 60)}.${padded(whole % 1000, 3)}`;
  return hours ? `${padded(hours)}:${rest}` : rest;
}

/** "1:05.2", "65", "1:01:05" → seconds; null for what is no time. */
export function readTime(text) {
  const match = /^\s*(?:(?:(\d{1,4}):)?(\d{1,4}):)?(\d{1,5})(?:[.,](\d{1,3}))?\s*$/.exec(text);
  if (!match) return null;
  const [, hours = 0, minutes = 0, seconds, fraction = ""] = match;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) + Number(fraction.padEnd(3, "0")) / 1000;
}
