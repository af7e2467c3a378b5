//! Bytes that are read, and nothing done with them: what the memory alone takes, for who measures what more a kernel takes.

use super::Level;
#[cfg(target_arch = "aarch64")]
use super::neon;
use super::rows::Rows;
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};

/// All bytes of the first `rows` rows, `width` bytes each, folded into one; as many rows as are there. `ahead`: the memory is asked
/// for lines before they are read, as the kernels do it.
pub type Fold = fn(src: Rows<'_>, width: usize, rows: usize, ahead: bool) -> u8;

/// With the instructions of `level`, or of the processor's best below it; the scalar, which every processor has, asks for nothing
/// ahead.
#[must_use]
pub fn fold(level: Level) -> Fold {
    match level.lowered() {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => avx512::fold,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => avx2::fold,
        #[cfg(target_arch = "aarch64")]
        Level::Neon => neon::fold,
        #[cfg(not(target_arch = "x86_64"))]
        Level::Avx512 | Level::Avx2 => scalar,
        #[cfg(not(target_arch = "aarch64"))]
        Level::Neon => scalar,
        Level::Scalar => scalar,
    }
}

fn scalar(src: Rows<'_>, width: usize, rows: usize, _ahead: bool) -> u8 {
    let mut all = [0; LINE];
    let rest = folded(src, width, rows, |lines| lines.iter().for_each(|line| fold_line(&mut all, line)));
    fold_bytes(rest, &all)
}

/// Bytes that the memory gives at once.
pub(super) const LINE: usize = 64;

/// Has `lines` fold the whole lines of each row into something of its own, and answers what is beside them.
#[inline(always)]
pub(super) fn folded(src: Rows<'_>, width: usize, rows: usize, mut lines: impl FnMut(&[[u8; LINE]])) -> u8 {
    let mut rest = 0;
    for row in (0..rows).map_while(|row| src.row(row, width)) {
        let (whole, tail) = row.as_chunks();
        lines(whole);
        rest = fold_bytes(rest, tail);
    }
    rest
}

#[inline(always)]
pub(super) fn fold_line(all: &mut [u8; LINE], line: &[u8; LINE]) {
    all.iter_mut().zip(line).for_each(|(all, byte)| *all ^= byte);
}

#[inline(always)]
pub(super) fn fold_bytes(first: u8, bytes: &[u8]) -> u8 {
    bytes.iter().fold(first, |all, byte| all ^ byte)
}
