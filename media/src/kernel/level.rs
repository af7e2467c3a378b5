//! Which instructions the kernels use.

use std::fmt;

/// The instruction set that the kernels use, from least to most. A processor has those of its own kind up to one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Plain Rust: the specification, and what processors without one of the others get.
    Scalar,
    /// 128-bit vectors of AArch64.
    Neon,
    /// 256-bit integer vectors of x86-64.
    Avx2,
    /// 512-bit integer vectors of x86-64, with AVX-512 F, BW, VL and VBMI: Ice Lake, Zen 4 and what came after.
    Avx512,
}

impl Level {
    /// All levels, from least to most.
    pub const ALL: [Self; 4] = [Self::Scalar, Self::Neon, Self::Avx2, Self::Avx512];

    /// The best level of this processor.
    #[must_use]
    pub fn detect() -> Self {
        Self::ALL.into_iter().rev().find(|level| level.is_here()).unwrap_or(Self::Scalar)
    }

    /// Whether this processor has it.
    #[must_use]
    pub fn is_here(self) -> bool {
        match self {
            Self::Scalar => true,
            Self::Neon => cfg!(target_arch = "aarch64"),
            Self::Avx2 => has_avx2(),
            Self::Avx512 => has_avx2() && has_avx512(),
        }
    }

    /// This level where the processor has it, else the best below it that it has.
    #[must_use]
    pub fn lowered(self) -> Self {
        Self::ALL.into_iter().rev().find(|level| *level <= self && level.is_here()).unwrap_or(Self::Scalar)
    }

    /// Reads `scalar`, `neon`, `avx2` or `avx512`, in any case; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name().eq_ignore_ascii_case(text.trim()))
    }

    /// The name as [`Level::parse`] reads it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Neon => "neon",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("avx512bw")
        && std::arch::is_x86_feature_detected!("avx512vl")
        && std::arch::is_x86_feature_detected!("avx512vbmi")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx2() -> bool {
    false
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx512() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_read_back_by_its_name() {
        for level in Level::ALL {
            assert_eq!(Level::parse(&level.to_string().to_uppercase()), Some(level));
        }
        assert_eq!(Level::parse("avx1024"), None);
    }

    #[test]
    fn a_level_is_lowered_to_one_that_is_here_and_never_raised() {
        for level in Level::ALL {
            assert!(level.lowered() <= level && level.lowered().is_here(), "{level}");
            assert_eq!(level.lowered() == level, level.is_here(), "{level}");
        }
        assert_eq!(Level::detect().lowered(), Level::detect());
    }
}
