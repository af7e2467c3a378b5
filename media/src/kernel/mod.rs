//! Loops over pixels and samples; the scalar is the specification, SIMD stands beside it.
