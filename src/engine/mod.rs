//! Threads and bounded channels: packet shards, mix threads, the control thread.
