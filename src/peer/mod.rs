//! WebRTC sessions over one UDP port.
