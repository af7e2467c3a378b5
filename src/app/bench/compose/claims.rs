//! What must hold, and whether these figures show it.

use super::glyphs::NewGlyphs;
use super::kernels::KernelRow;
use super::quality::Quality;
use super::report::Row;
use super::rival::Peer;
use super::text::TextFigures;
use crate::app::bench::verdict::Verdict;
use serde::Serialize;

/// One line of what must hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Claim {
    /// What must hold.
    pub(super) claim: String,
    /// The figure that decides; `None` where it is not shown.
    pub(super) measured: Option<f64>,
    pub(super) verdict: Verdict,
}

/// What a level's row of a layout must come to.
#[derive(Debug, Clone, Copy)]
enum Must {
    /// At most so many times the floor.
    Floors(f64),
    /// At least so many times faster than a rival.
    Faster(Peer, f64),
}

/// Level, layout and what must hold of that row. A level is named as its rows name it, so that a build or a processor
/// without it shows nothing.
const ROWS: [(&str, &str, Must); 9] = [
    ("avx512", "9x360p-720p", Must::Floors(1.35)),
    ("avx512", "9x360p-720p", Must::Faster(Peer::Libyuv, 8.0)),
    ("avx512", "9x360p-720p", Must::Faster(Peer::Ffmpeg, 9.0)),
    ("avx512", "9x360p-720p", Must::Faster(Peer::Gstreamer, 25.0)),
    ("avx512", "9x720p-720p", Must::Floors(1.4)),
    ("avx512", "9x720p-portrait", Must::Faster(Peer::Libyuv, 4.5)),
    ("avx2", "9x360p-720p", Must::Floors(1.6)),
    ("avx2", "9x360p-720p", Must::Faster(Peer::Libyuv, 6.5)),
    ("avx2", "9x720p-portrait", Must::Faster(Peer::Libyuv, 3.5)),
];

/// Milliseconds a frame for nine names and nine badges.
const NAMES_AND_BADGES_MS: f64 = 0.03;
/// Milliseconds of the mixing thread for a score that changes.
const SCORE_CHANGE_MS: f64 = 0.05;
/// Milliseconds that a frame may be later for letters that were never drawn.
const NEW_GLYPHS_MS: f64 = 1.0;

/// All that must hold. `copies` are the rows of plain copies.
pub(super) fn judge(
    rows: &[Row],
    copies: &[Row],
    text: &TextFigures,
    quality: &[Quality],
    kernels: &[KernelRow],
) -> Vec<Claim> {
    let mut claims: Vec<_> = ROWS.iter().map(|&(level, layout, must)| of_row(rows, level, layout, must)).collect();
    claims.push(never_slower(rows.iter().chain(copies)));
    claims.push(never_worse(quality));
    claims.push(never_for_nothing(kernels));
    let at_most = |what: &str, most: f64, found: Option<f64>| Claim {
        claim: format!("{what} <= {most} ms"),
        measured: found,
        verdict: verdict(found.map(|found| found <= most)),
    };
    let blended = "nine names and badges blended, a frame,";
    claims.push(at_most(blended, NAMES_AND_BADGES_MS, text.names_and_badges.map(|it| it.ms)));
    let changed = "a score change rasterised on the mixing thread";
    claims.push(at_most(changed, SCORE_CHANGE_MS, text.score_change_ms()));
    let later = text.new_glyphs.as_ref().and_then(NewGlyphs::latest);
    claims.push(at_most("new glyphs: no frame later for text,", NEW_GLYPHS_MS, later));
    claims
}

/// Every kernel at every level beyond the scalar, against its scalar.
fn never_for_nothing(kernels: &[KernelRow]) -> Claim {
    let least = kernels.iter().filter(|row| row.level != "scalar").map(KernelRow::gain).min_by(f64::total_cmp);
    let claim = "every kernel faster than its scalar, at every level".to_owned();
    Claim { claim, measured: least, verdict: verdict(least.map(|least| least > 1.0)) }
}

fn of_row(rows: &[Row], level: &str, layout: &str, must: Must) -> Claim {
    let row = rows.iter().find(|row| (row.level.as_str(), row.layout) == (level, layout));
    let (measured, holds, text): (_, fn(f64, f64) -> bool, _) = match must {
        Must::Floors(_) => (row.map(|row| row.ms / row.floor_ms), |found, most| found <= most, "floor".to_owned()),
        Must::Faster(peer, _) => {
            let found = row.and_then(|row| row.peers.of(peer).map(|ms| ms / row.ms));
            let name = if peer == Peer::Ffmpeg { "ffmpeg bicubic" } else { peer.name() };
            (found, |found, least| found >= least, name.to_owned())
        }
    };
    let (sign, wanted) = match must {
        Must::Floors(most) => ("<=", most),
        Must::Faster(_, least) => (">=", least),
    };
    let said = match level {
        "avx512" => "AVX-512",
        "avx2" => "AVX2",
        other => other,
    };
    Claim {
        claim: format!("{said}: {layout} {sign} {wanted} x {text}"),
        measured,
        verdict: verdict(measured.map(|found| holds(found, wanted))),
    }
}

/// On no row slower than libyuv by whichever of its filters is faster there. One row that is slower misses it, and only all
/// rows show that it holds.
fn never_slower<'a>(rows: impl Iterator<Item = &'a Row>) -> Claim {
    let ratios: Vec<_> = rows.map(|row| row.fastest_libyuv().map(|ms| ms / row.ms)).collect();
    let least = ratios.iter().flatten().copied().reduce(f64::min);
    let holds = match least {
        Some(least) if least < 1.0 => Some(false),
        Some(_) if ratios.iter().all(Option::is_some) => Some(true),
        Some(_) | None => None,
    };
    Claim {
        claim: "every row, plain copies and 2:1 too: >= 1 x libyuv, its faster filter".to_owned(),
        measured: least,
        verdict: verdict(holds),
    }
}

/// At every ratio at least as near to Lanczos3 as libyuv's better filter.
fn never_worse(quality: &[Quality]) -> Claim {
    let leads: Vec<_> = quality.iter().map(Quality::lead).collect();
    let least = leads.iter().flatten().copied().reduce(f64::min);
    let holds = match least {
        Some(least) if least < 0.0 => Some(false),
        Some(_) if leads.iter().all(Option::is_some) => Some(true),
        Some(_) | None => None,
    };
    Claim {
        claim: "every ratio: PSNR >= libyuv's, its better filter (measured: dB above)".to_owned(),
        measured: least,
        verdict: verdict(holds),
    }
}

fn verdict(holds: Option<bool>) -> Verdict {
    match holds {
        Some(true) => Verdict::Met,
        Some(false) => Verdict::Missed,
        None => Verdict::NotShown,
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::row;
    use super::super::rounds::Spread;
    use super::*;

    fn text() -> TextFigures {
        let spread = |ms| Some(Spread { ms, low: ms, high: ms });
        let (bar_change, mark_change) = (spread(0.04), spread(0.06));
        let (level, names_and_badges) = ("avx2".to_owned(), spread(0.02));
        TextFigures { level, names_and_badges, bar_change, mark_change, new_glyphs: None }
    }

    fn verdict_of(claims: &[Claim], begins: &str) -> Verdict {
        let found: Vec<_> = claims.iter().filter(|claim| claim.claim.starts_with(begins)).collect();
        assert_eq!(found.len(), 1, "{begins}: {found:?}");
        found[0].verdict
    }

    #[test]
    fn a_claim_is_met_missed_or_not_shown_by_its_own_row() {
        let rows = [row("9x360p-720p", "avx2", 0.264), row("9x720p-portrait", "avx2", 0.8)];
        let claims = judge(&rows, &[], &text(), &[], &[]);
        assert_eq!(claims.len(), ROWS.len() + 6);
        assert_eq!(verdict_of(&claims, "AVX2: 9x360p-720p <= 1.6 x floor"), Verdict::Missed);
        assert_eq!(verdict_of(&claims, "AVX2: 9x360p-720p >= 6.5 x libyuv"), Verdict::Met);
        assert_eq!(verdict_of(&claims, "AVX2: 9x720p-portrait >= 3.5 x libyuv"), Verdict::Missed);
        assert_eq!(verdict_of(&claims, "AVX-512: 9x360p-720p >= 9 x ffmpeg bicubic"), Verdict::NotShown);
        assert_eq!(verdict_of(&claims, "nine names"), Verdict::Met);
        assert_eq!(verdict_of(&claims, "a score change"), Verdict::Missed);
        assert_eq!(verdict_of(&claims, "new glyphs"), Verdict::NotShown);
        let exactly = [row("9x360p-720p", "avx2", 0.16 * 1.6)];
        assert_eq!(
            verdict_of(&judge(&exactly, &[], &text(), &[], &[]), "AVX2: 9x360p-720p <= 1.6 x floor"),
            Verdict::Met
        );
    }

    #[test]
    fn an_absent_rival_is_never_met() {
        let mut absent = row("9x360p-720p", "avx512", 0.01);
        absent.peers.libyuv = None;
        let claims = judge(&[absent], &[], &text(), &[], &[]);
        assert_eq!(verdict_of(&claims, "AVX-512: 9x360p-720p >= 8 x libyuv"), Verdict::NotShown);
        assert_eq!(verdict_of(&claims, "AVX-512: 9x360p-720p >= 25 x gstreamer"), Verdict::Met);
        assert_eq!(verdict_of(&judge(&[], &[], &text(), &[], &[]), "every row"), Verdict::NotShown);
    }

    #[test]
    fn new_glyphs_are_met_by_the_latest_frame_alone() {
        let of = |max_ms| {
            let glyphs = NewGlyphs {
                scripts: vec!["Chinese"],
                names: 9,
                scenes: 1,
                frames: 5,
                ms: 0.2,
                max_ms,
                wall_max_ms: 7.0,
            };
            judge(&[], &[], &TextFigures { new_glyphs: Some(glyphs), ..text() }, &[], &[])
        };
        assert_eq!(verdict_of(&of(0.9), "new glyphs"), Verdict::Met);
        assert_eq!(verdict_of(&of(1.1), "new glyphs"), Verdict::Missed);
    }

    #[test]
    fn quality_is_met_by_all_ratios_alone() {
        let of = |ours, boxed| Quality { ratio: 3.0, ours, boxed, bilinear: Some(30.0) };
        let verdict = |quality: &[Quality]| verdict_of(&judge(&[], &[], &text(), quality, &[]), "every ratio");
        assert_eq!(verdict(&[of(40.0, Some(39.0)), of(40.0, Some(40.0))]), Verdict::Met);
        assert_eq!(verdict(&[of(40.0, Some(39.0)), of(40.0, Some(40.1))]), Verdict::Missed);
        assert_eq!(verdict(&[of(40.0, Some(39.0)), of(40.0, None)]), Verdict::NotShown);
        assert_eq!(verdict(&[]), Verdict::NotShown);
    }

    #[test]
    fn one_slower_row_misses_and_only_all_rows_show() {
        let quick = row("9x360p-720p", "avx2", 0.264);
        let mut unknown = quick.clone();
        (unknown.peers.libyuv, unknown.others.libyuv) = (None, None);
        let slow = row("4x360p-720p", "avx2", 1.9);
        let verdict = |rows: &[Row], copies: &[Row]| verdict_of(&judge(rows, copies, &text(), &[], &[]), "every row");
        assert_eq!(verdict(std::slice::from_ref(&quick), &[]), Verdict::Met);
        assert_eq!(verdict(std::slice::from_ref(&quick), &[slow]), Verdict::Missed);
        assert_eq!(verdict(&[quick, unknown], &[]), Verdict::NotShown);
    }

    #[test]
    fn a_kernel_that_is_no_faster_than_its_scalar_misses_the_claim() {
        let row = |level: &str, us| KernelRow { kernel: "halve", level: level.to_owned(), us, scalar_us: 10.0 };
        let verdict = |kernels: &[KernelRow]| verdict_of(&judge(&[], &[], &text(), &[], kernels), "every kernel");
        assert_eq!(verdict(&[row("avx2", 2.0), row("avx512", 1.0)]), Verdict::Met);
        assert_eq!(verdict(&[row("avx2", 2.0), row("avx512", 10.0)]), Verdict::Missed);
        assert_eq!(verdict(&[row("scalar", 10.0)]), Verdict::NotShown);
    }
}
