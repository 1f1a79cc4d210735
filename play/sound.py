"""The sound of an Atari game: ALE hands it out frame by frame, and SDL asks for it when it is needed."""

from pygame._sdl2 import audio, sdl2

SAMPLES, FRAMES = 512, 60  # of one frame; in a second
SILENCE = b"\x80"


class Speaker:
    """Plays sound as it comes. Of a game that runs faster than the console it leaves out what there is no time for."""

    LATEST = 8 * SAMPLES
    """At most so many bytes wait: more would come too late."""

    def __init__(self):
        """Raises ValueError if there is nothing to play on."""
        self.waiting = bytearray()
        try:
            sdl2.init_subsystem(sdl2.INIT_AUDIO)
            names = audio.get_audio_device_names(False)
            if not names:
                raise RuntimeError("no loudspeaker was found")
            self.device = audio.AudioDevice(names[0], 0, FRAMES * SAMPLES, audio.AUDIO_U8, 1, SAMPLES, 0, self._fill)
            self.device.pause(0)
        except RuntimeError as error:
            raise ValueError(f"There is no sound here ({error}): leave out --sound.") from None

    def play(self, sound: bytes) -> None:
        """Play this after what waits already."""
        self.waiting += sound
        del self.waiting[: -self.LATEST]

    def _fill(self, device, room: memoryview) -> None:
        """Called by the device, in a thread of its own, whenever it needs sound."""
        room[:] = bytes(self.waiting[: len(room)]).ljust(len(room), SILENCE)
        del self.waiting[: len(room)]
