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

    /// How many bytes after those that are read the memory should be asked for others: whole rows.
    #[inline]
    pub(super) fn ahead(&self) -> usize {
        (AHEAD_BYTES / self.stride.max(1)).max(1) * self.stride
    }

    /// The rows from `i` on; none when they are beyond the end.
    #[must_use]
    pub fn from(&self, i: usize) -> Self {
        let bytes = i.checked_mul(self.stride).and_then(|at| self.bytes.get(at..)).unwrap_or_default();
        Self { bytes, ..*self }
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

    /// So many rows from `i` on, all of which are written at once; `None` when they are not all there, or overlap.
    #[inline]
    pub(super) fn several<const ROWS: usize>(&mut self, i: usize, width: usize) -> Option<[&mut [u8]; ROWS]> {
        let mut chunks = self.bytes.get_mut(i.checked_mul(self.stride)?..)?.chunks_mut(self.stride.max(1));
        let mut rows = [const { None }; ROWS];
        for row in &mut rows {
            *row = Some(chunks.next()?.get_mut(..width)?);
        }
        Some(rows.map(Option::unwrap_or_default))
    }
}
