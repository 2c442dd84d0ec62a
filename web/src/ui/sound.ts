// Alarms that are heard: made here, of tones, so that no file is needed. A browser lets a page sound only after the
// person has touched it: signing in is such a touch.

export type Alarm = "link_lost" | "stop_call" | "attention";

// [frequency in Hz, start in s, length in s]
const tones: Record<Alarm, readonly (readonly [number, number, number])[]> = {
  link_lost: [[620, 0, 0.35], [440, 0.4, 0.5]],
  stop_call: [[960, 0, 0.12], [960, 0.18, 0.12], [960, 0.36, 0.12], [1280, 0.54, 0.3]],
  attention: [[740, 0, 0.12]],
};

let context: AudioContext | undefined;

export function sound(alarm: Alarm): void {
  try {
    context ??= new AudioContext();
    void context.resume();
    const start = context.currentTime + 0.02;
    for (const [frequency, at, length] of tones[alarm]) {
      const tone = context.createOscillator();
      const level = context.createGain();
      tone.type = "square";
      tone.frequency.value = frequency;
      level.gain.setValueAtTime(0.12, start + at);
      level.gain.setValueAtTime(0, start + at + length);
      tone.connect(level).connect(context.destination);
      tone.start(start + at);
      tone.stop(start + at + length + 0.01);
    }
  } catch {
    // A machine without sound: the screen and the title say it too.
  }
}
