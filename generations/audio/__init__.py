"""From samples to one MP3 of even loudness, in one pass: gain, limiter, LAME, tags, waveform."""
