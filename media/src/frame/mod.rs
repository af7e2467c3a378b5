//! Pictures and sounds as plain data.

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size {
    /// Width, pixels.
    pub width: usize,
    /// Height, pixels.
    pub height: usize,
}

/// One 8-bit plane inside a larger buffer.
#[derive(Debug, Clone, Copy)]
pub struct PlaneRef<'a> {
    /// At least `stride * (height - 1) + width` bytes.
    pub data: &'a [u8],
    /// Bytes from one row to the next.
    pub stride: usize,
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// How luma and colour differences came from red, green and blue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Matrix {
    /// ITU-R BT.601: cameras and encoders of real-time media, and the canvas.
    #[default]
    Bt601,
    /// ITU-R BT.709: high definition, and what browsers capture from their pages.
    Bt709,
    /// ITU-R BT.2020, non-constant luminance.
    Bt2020,
}

/// What the numbers of a picture mean. The default, BT.601 limited range, is what a canvas holds and what is assumed of
/// a stream that says nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Colour {
    /// How they came from red, green and blue.
    pub matrix: Matrix,
    /// From 0 to 255; otherwise luma from 16 to 235 and colour differences from 16 to 240.
    pub full_range: bool,
}

/// A 4:2:0 picture; chroma planes are `ceil(width / 2)` × `ceil(height / 2)`.
#[derive(Debug, Clone, Copy)]
pub struct PictureRef<'a> {
    /// Luma.
    pub y: PlaneRef<'a>,
    /// Blue difference.
    pub u: PlaneRef<'a>,
    /// Red difference.
    pub v: PlaneRef<'a>,
    /// What their numbers mean.
    pub colour: Colour,
}

impl PictureRef<'_> {
    /// The size of the luma plane.
    #[must_use]
    pub fn size(&self) -> Size {
        Size { width: self.y.width, height: self.y.height }
    }
}

/// An owned 4:2:0 picture of even size, tightly packed, BT.601 limited range. It begins with a cache line, so that vectors of
/// its rows lie in one line where they can.
#[derive(Debug)]
pub struct I420 {
    size: Size,
    /// The picture and what is left of the line before it.
    bytes: Vec<u8>,
    start: usize,
}

/// Bytes of a cache line.
const LINE: usize = 64;

impl I420 {
    /// A black picture. Odd sizes are rounded up to even.
    #[must_use]
    pub fn black(size: Size) -> Self {
        let size = Size { width: size.width.next_multiple_of(2), height: size.height.next_multiple_of(2) };
        let mut picture = Self::blank(size);
        let [y, chroma @ ..] = picture.planes_mut();
        y.fill(16);
        chroma.into_iter().for_each(|plane| plane.fill(128));
        picture
    }

    /// One of an even size with zeros in it.
    fn blank(size: Size) -> Self {
        let bytes = vec![0; size.width * size.height / 2 * 3 + LINE];
        let start = bytes.as_ptr().align_offset(LINE).min(LINE);
        Self { size, bytes, start }
    }

    fn data(&self) -> &[u8] {
        &self.bytes[self.start..][..self.size.width * self.size.height / 2 * 3]
    }

    /// Width and height of the luma plane.
    #[must_use]
    pub fn size(&self) -> Size {
        self.size
    }

    /// All three planes for reading.
    #[must_use]
    pub fn as_ref(&self) -> PictureRef<'_> {
        let Size { width, height } = self.size;
        let (y, chroma) = self.data().split_at(width * height);
        let (u, v) = chroma.split_at(chroma.len() / 2);
        let plane = |data, width, height| PlaneRef { data, stride: width, width, height };
        PictureRef {
            y: plane(y, width, height),
            u: plane(u, width / 2, height / 2),
            v: plane(v, width / 2, height / 2),
            colour: Colour::default(),
        }
    }

    /// The three planes for writing: Y (stride = width), U and V (stride = width / 2).
    #[must_use]
    pub fn planes_mut(&mut self) -> [&mut [u8]; 3] {
        let luma = self.size.width * self.size.height;
        let (y, chroma) = self.bytes[self.start..][..luma / 2 * 3].split_at_mut(luma);
        let (u, v) = chroma.split_at_mut(luma / 4);
        [y, u, v]
    }
}

impl Clone for I420 {
    fn clone(&self) -> Self {
        let mut copy = Self::blank(self.size);
        let (start, length) = (copy.start, self.data().len());
        copy.bytes[start..][..length].copy_from_slice(self.data());
        copy
    }
}

impl PartialEq for I420 {
    fn eq(&self, other: &Self) -> bool {
        self.size == other.size && self.data() == other.data()
    }
}

impl Eq for I420 {}

/// Samples per channel in one block: 20 ms at 48 kHz.
pub const BLOCK_SAMPLES: usize = 960;

/// 20 ms of stereo sound at 48 kHz, interleaved left, right; full scale is ±1.0.
#[derive(Debug, Clone, PartialEq)]
pub struct AudioBlock(pub Box<[f32; BLOCK_SAMPLES * 2]>);

impl AudioBlock {
    /// Silence.
    #[must_use]
    pub fn silent() -> Self {
        Self(Box::new([0.0; BLOCK_SAMPLES * 2]))
    }
}
