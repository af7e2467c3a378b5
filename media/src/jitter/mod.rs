//! From packets in any order to access units and blocks of sound in order.
