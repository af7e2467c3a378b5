//! Whether a viewer's picture froze, and if so, whose fault it was.

use std::time::Duration;

use crate::chromium::Page;

/// For the page to have counted another second's worth of frames.
const PATIENCE: Duration = Duration::from_secs(30);

/// Writes down, in a page, when each frame was made (RTP timestamp), received and shown, and when the page's own thread
/// stood still; so that a freeze can be told apart: a host that sent nothing, a server that made nothing, a network, or a
/// browser without processor time.
pub(crate) fn watch(page: &Page<'_>) {
    page.evaluate(
        "(() => {
            window.watched = { frames: [], lags: [] };
            const note = (list, entry) => { list.push(entry); if (list.length > 6000) list.shift(); };
            const video = document.querySelector('#video');
            const frame = (shown, about) => {
                note(window.watched.frames, { shown, received: about.receiveTime ?? null, made: about.rtpTimestamp ?? null, number: about.presentedFrames });
                video.requestVideoFrameCallback(frame);
            };
            video?.requestVideoFrameCallback(frame);
            let last = performance.now();
            setInterval(() => {
                const now = performance.now();
                if (now - last > 80) note(window.watched.lags, { at: now, of: now - last });
                last = now;
            }, 20);
        })()",
    );
}

/// Chromium counts a freeze when a frame comes 150 ms later than frames on average do. One during which the threads of
/// watched pages themselves stood still is the machine's: a publisher's page made no picture then, or the viewer's looked
/// at none. `pages` are all that are watched, the viewer's first.
pub(crate) fn assert_none(play: &Page<'_>, pages: &[&Page<'_>], when: &str) {
    play.wait_for("'frames' in document.querySelector('#stats').dataset", PATIENCE);
    let seen = play.number("document.querySelector('#stats').dataset.frames");
    play.wait_for(&format!("Number(document.querySelector('#stats').dataset.frames) > {seen} + 30"), PATIENCE);
    let freezes = play.number("document.querySelector('#stats').dataset.freezes");
    if freezes > 0.0 {
        let reports: Vec<String> = pages.iter().map(|page| report(page)).collect();
        let reports = reports.join("\n");
        let machine = of_the_machine(play, pages);
        assert!(freezes <= machine, "the viewer saw {freezes} freeze(s) {when}, {machine} the machine's\n{reports}");
        eprintln!("{freezes} freeze(s) {when}, while the machine stood still\n{reports}");
    }
}

/// Gaps of over 150 ms between frames shown, in or just before which a page's thread stood still for half as long: a
/// receiver that was stopped needs some frames until it shows each in time again.
fn of_the_machine(play: &Page<'_>, pages: &[&Page<'_>]) -> f64 {
    let still: Vec<String> = pages.iter().map(|page| stood_still(page)).collect();
    play.number(&format!(
        "(() => {{
            const still = [{}].flat();
            const wall = (at) => performance.timeOrigin + at;
            const {{ frames }} = window.watched;
            return frames.slice(1).filter((frame, index) => {{
                const from = wall(frames[index].shown), to = wall(frame.shown);
                const within = ({{ at, of }}) => Math.min(at, to) - Math.max(at - of, from - 500);
                return to - from > 150 && still.some((lag) => within(lag) > (to - from) / 2);
            }}).length;
        }})()",
        still.join(",")
    ))
}

/// When a page's own thread stood still, in ms of the wall clock, as JavaScript.
fn stood_still(page: &Page<'_>) -> String {
    page.text("JSON.stringify(window.watched.lags.map(({ at, of }) => ({ at: performance.timeOrigin + at, of })))")
}

/// The longest gaps that a page has noted, in ms, with the wall clock time of each so that pages can be compared.
fn report(page: &Page<'_>) -> String {
    page.text(
        "(() => {
            const { frames, lags } = window.watched;
            const wall = (at) => (performance.timeOrigin + at).toFixed(0).slice(-7);
            const gaps = frames.slice(1).map((frame, index) => {
                const before = frames[index];
                return {
                    at: wall(frame.shown), shown: frame.shown - before.shown, received: frame.received - before.received,
                    made: ((frame.made - before.made) >>> 0) / 90, missed: frame.number - before.number - 1,
                };
            });
            const worst = gaps.toSorted((a, b) => b.shown - a.shown).slice(0, 5);
            const tell = (gap) => `  ${gap.at}: shown ${gap.shown.toFixed(0)} ms after the one before, received ${gap.received.toFixed(0)}, made ${gap.made.toFixed(0)}, ${gap.missed} between`;
            const late = lags.toSorted((a, b) => b.of - a.of).slice(0, 8);
            return [`${document.title} (${location.pathname}): ${frames.length} frames`, ...worst.map(tell),
                `  its own thread stood still: ${late.map((lag) => `${wall(lag.at)} ${lag.of.toFixed(0)} ms`).join(', ') || 'never over 80 ms'}`].join('\\n');
        })()",
    )
}
