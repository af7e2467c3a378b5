//! HTTP: WHIP, WHEP, REST, event sockets, pages.
