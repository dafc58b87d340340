"""The process that decodes recordings: a file of strangers on stdin, samples out on stdout, then it ends.

Why a process of its own: decoders are written in C and the file may be made to harm them. Here it can only end this
process, which has little memory and time to spend, opens no other file, writes none and can be killed at any moment.

Started by ``decoding.py`` as ``python -I decode_child.py …`` and standing alone: it imports nothing of MicDots. It
writes mono samples as 32-bit floats (full scale is 1.0) and, where it comes to an end by itself, leaves with 0 or with
one of the codes below.
"""

import array
import ctypes
import os
import resource
import sys

import av

EXIT_NO_SOUND, EXIT_TOO_LONG = 3, 4

# What browsers record and people keep. Whatever else the library could open stays closed, playlists above all: they
# name other files, and this machine's would be read.
FORMATS = "mp3,wav,w64,aiff,mov,ogg,matroska,webm,flac,aac,caf"
CODECS = (
    "mp3float,mp3,mp2float,mp2,aac,alac,flac,opus,libopus,vorbis,libvorbis,"
    "pcm_u8,pcm_s8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,"
    "pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_alaw,pcm_mulaw,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt"
)
# Address space in bytes: a header that announces a billion samples must not get the memory for their index.
MEMORY = 1 << 30
# Time at work in seconds: the smallest there is, and of what share of the longest sound beyond that. Decoding takes a
# three-hundredth on an ordinary machine; this stops a file on which the decoder never gets any further.
WORKING, WORKING_SHARE = 60, 0.1
# A file that is cut off, or has a scratch, is heard as far as it goes. One that is mostly noise to its decoder is none.
BROKEN_AT_MOST = 0.5


def die_with_parent(parent: int) -> None:
    """Ask Linux to kill this process when its parent ends. Elsewhere the next write to the closed pipe does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL
        if os.getppid() != parent:  # it ended before we asked
            sys.exit(1)


def limit_myself(working_seconds: int) -> None:
    """Little memory, little time, no writing but to the pipe."""
    sys.dont_write_bytecode = True  # whatever is imported late, it could not be written
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    # The first limit's signal tells that the file was too much work; the second one's, that somebody has killed us.
    resource.setrlimit(resource.RLIMIT_CPU, (working_seconds, working_seconds + 5))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


class Decoder:
    """Packets in, samples out on stdout."""

    def __init__(self, rate: int, most: int) -> None:
        self.out = sys.stdout.buffer
        self.samples = 0
        self.most = most
        self.good = self.broken = 0  # packets
        self.rate = rate
        self.resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
        self.shape: tuple[str, str, int] | None = None  # of the frames that the resampler takes

    def run(self, container: "av.container.InputContainer", stream: "av.AudioStream") -> None:
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                break
            except av.FFmpegError:
                break  # the file is cut off; what came until here is heard
            try:
                frames = packet.decode()
            except av.FFmpegError:
                self.broken += 1
                continue
            self.good += bool(frames)
            for frame in frames:
                self.take(frame)
        self.flush()

    def take(self, frame: "av.AudioFrame") -> None:
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self.shape not in (None, shape):  # a stream may change on its way, from mono to stereo for example
            self.flush()
            self.resampler = av.AudioResampler(format="flt", layout="mono", rate=self.rate)
        self.shape = shape
        frame.pts = None  # times are what the samples say: browsers' and broken files' are not to be trusted
        self.write(self.resampler.resample(frame))

    def flush(self) -> None:
        if self.shape is not None:
            self.write(self.resampler.resample(None))

    def write(self, frames: "list[av.AudioFrame]") -> None:
        for frame in frames:
            self.samples += frame.samples
            if self.samples > self.most:
                self.out.flush()
                sys.exit(EXIT_TOO_LONG)
            self.out.write(memoryview(frame.planes[0])[: frame.samples * array.array("f").itemsize])


def main(parent: int, rate: int, most: int) -> int:
    """Decode stdin. Returns the exit code."""
    die_with_parent(parent)
    limit_myself(WORKING + int(WORKING_SHARE * most / rate))
    decoder = Decoder(rate, most)
    sys.stdin.buffer.seek(0)
    try:
        with av.open(
            sys.stdin.buffer,
            "r",
            metadata_errors="ignore",
            options={
                "format_whitelist": FORMATS,
                "codec_whitelist": CODECS,
                "protocol_whitelist": "none",  # no protocol has this name: nothing further is opened
            },
        ) as container:
            sounds = [stream for stream in container.streams.audio if stream.codec_context is not None]
            if not sounds or sounds[0].codec_context.name not in CODECS.split(","):
                return EXIT_NO_SOUND
            sounds[0].codec_context.thread_type = "NONE"  # threads would take memory for nothing
            decoder.run(container, sounds[0])
    except (av.FFmpegError, ValueError, MemoryError):
        return EXIT_NO_SOUND
    decoder.out.flush()
    if not decoder.samples or decoder.broken > BROKEN_AT_MOST * (decoder.good + decoder.broken):
        return EXIT_NO_SOUND
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(*map(int, sys.argv[1:4])))
    except BrokenPipeError:  # nobody listens any more
        os._exit(1)
