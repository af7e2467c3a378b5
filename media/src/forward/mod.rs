//! The SFU plane: one producer, many consumers; decide, rewrite and send apart.
