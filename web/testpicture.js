// A picture and a tone to publish without a camera: one hue, a disc that moves, a clock, a sine of one pitch.

/** −12 dBFS peak. */
const TONE_AMPLITUDE = 10 ** (-12 / 20);
const FPS = 30;

/**
 * A MediaStream of `width`×`height` in the given hue (degrees) with a tone of `toneHz`.
 * `stop()` ends it. The audio context starts by the user's tap, as browsers want it.
 */
export function testPicture({ hue, toneHz, label, width = 540, height = 960 }) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const draw = painter(canvas, hue, label);
  draw(performance.now());
  const timer = setInterval(() => draw(performance.now()), 1000 / FPS);

  const audio = new AudioContext({ sampleRate: 48_000 });
  const tone = new OscillatorNode(audio, { frequency: toneHz });
  const gain = new GainNode(audio, { gain: TONE_AMPLITUDE });
  const out = new MediaStreamAudioDestinationNode(audio, { channelCount: 1 });
  tone.connect(gain).connect(out);
  tone.start();
  audio.resume();

  const stream = canvas.captureStream(FPS);
  for (const track of stream.getVideoTracks()) track.contentHint = "motion";
  for (const track of out.stream.getAudioTracks()) stream.addTrack(track);
  return {
    stream,
    stop() {
      clearInterval(timer);
      for (const track of stream.getTracks()) track.stop();
      audio.close();
    },
  };
}

function painter(canvas, hue, label) {
  const { width, height } = canvas;
  const pen = canvas.getContext("2d", { alpha: false });
  const unit = width / 100;
  return (now) => {
    pen.fillStyle = `hsl(${hue} 65% 42%)`;
    pen.fillRect(0, 0, width, height);
    const turn = now / 1500;
    pen.fillStyle = `hsl(${hue} 85% 68%)`;
    pen.beginPath();
    pen.arc(width / 2 + Math.cos(turn) * 26 * unit, height / 2 + Math.sin(turn) * 26 * unit, 9 * unit, 0, 2 * Math.PI);
    pen.fill();
    pen.fillStyle = "#fff";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.font = `600 ${9 * unit}px system-ui, sans-serif`;
    pen.fillText(label, width / 2, height / 2 - 5 * unit, width * 0.8);
    pen.font = `${6 * unit}px ui-monospace, monospace`;
    pen.fillText((now / 1000).toFixed(2), width / 2, height / 2 + 5 * unit);
  };
}
