//! Rows of bytes in memory: what the scale kernels read and write.

/// What is read while memory takes to answer, and a part of the first cache only.
const AHEAD_BYTES: usize = 8 << 10;

/// Rows to read, `stride` bytes from the beginning of one to that of the next.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    bytes: &'a [u8],
    stride: usize,
}

impl<'a> Rows<'a> {
    /// The first row begins with the first byte; the last may end with the last.
    #[must_use]
    pub fn new(bytes: &'a [u8], stride: usize) -> Self {
        Self { bytes, stride }
    }

    /// The first `width` bytes of row `i`; `None` when they are not all there.
    #[inline]
    #[must_use]
    pub fn row(&self, i: usize, width: usize) -> Option<&'a [u8]> {
        self.bytes.get(i.checked_mul(self.stride)?..)?.get(..width)
    }

    /// How many rows after those that are read the memory should be asked for others.
    #[inline]
    pub(super) fn rows_ahead(&self) -> usize {
        (AHEAD_BYTES / self.stride.max(1)).max(1)
    }

    /// How many bytes after those that are read the memory should be asked for others: whole rows.
    #[inline]
    pub(super) fn ahead(&self) -> usize {
        self.rows_ahead() * self.stride
    }

    /// The rows from `i` on; none when they are beyond the end.
    #[must_use]
    pub fn from(&self, i: usize) -> Self {
        let bytes = i.checked_mul(self.stride).and_then(|at| self.bytes.get(at..)).unwrap_or_default();
        Self { bytes, ..*self }
    }

    /// All bytes and the stride, when so many rows are all there, `width` bytes each.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    pub(super) fn all(&self, rows: usize, width: usize) -> Option<(&'a [u8], usize)> {
        fit(self.bytes.len(), self.stride, rows, width).then_some((self.bytes, self.stride))
    }

    /// So many rows from `i` on.
    #[inline]
    pub(super) fn several<const ROWS: usize>(&self, i: usize, width: usize) -> Option<[&'a [u8]; ROWS]> {
        let mut rows = [&[][..]; ROWS];
        for (n, row) in rows.iter_mut().enumerate() {
            *row = self.row(i + n, width)?;
        }
        Some(rows)
    }
}

/// Rows to write.
#[derive(Debug)]
pub struct RowsMut<'a> {
    bytes: &'a mut [u8],
    stride: usize,
}

impl<'a> RowsMut<'a> {
    /// As [`Rows::new`].
    pub fn new(bytes: &'a mut [u8], stride: usize) -> Self {
        Self { bytes, stride }
    }

    /// As [`Rows::row`].
    #[inline]
    pub fn row(&mut self, i: usize, width: usize) -> Option<&mut [u8]> {
        self.bytes.get_mut(i.checked_mul(self.stride)?..)?.get_mut(..width)
    }

    /// The rows from `i` on, for a while; none when they are beyond the end.
    #[must_use]
    pub fn from(&mut self, i: usize) -> RowsMut<'_> {
        let stride = self.stride;
        let bytes = i.checked_mul(stride).and_then(|at| self.bytes.get_mut(at..)).unwrap_or_default();
        RowsMut { bytes, stride }
    }

    /// Row `i` and the one after it, when both are all there and the first does not reach into the second.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    pub(super) fn two(&mut self, i: usize, width: usize) -> Option<[&mut [u8]; 2]> {
        let rows = self.bytes.get_mut(i.checked_mul(self.stride)?..)?;
        let (first, second) = rows.split_at_mut_checked(self.stride)?;
        Some([first.get_mut(..width)?, second.get_mut(..width)?])
    }

    /// All bytes and the stride, when so many rows are all there, `width` bytes each, and none reaches into the next.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    pub(super) fn all(&mut self, rows: usize, width: usize) -> Option<(&mut [u8], usize)> {
        (fit(self.bytes.len(), self.stride, rows, width) && (rows == 1 || width <= self.stride))
            .then_some((&mut *self.bytes, self.stride))
    }
}

/// Whether so many rows, `width` bytes each, lie inside `len` bytes; not for none.
#[cfg(target_arch = "x86_64")]
fn fit(len: usize, stride: usize, rows: usize, width: usize) -> bool {
    let last = rows.checked_sub(1).and_then(|last| last.checked_mul(stride));
    last.and_then(|last| last.checked_add(width)).is_some_and(|end| end <= len)
}
