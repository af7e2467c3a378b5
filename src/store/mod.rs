//! Where facts are kept.
