//! Media threads go before whatever else the machine does: a build beside the server must not freeze a picture.

use std::io;
use std::thread::{Builder, JoinHandle};

/// Their nice value, where the system lets us: before ordinary work, after what the system itself needs.
#[cfg(target_os = "linux")]
const NICE: i32 = -10;

/// Starts a thread that packets or frames pass through, by this name and ahead of ordinary threads. Raising it takes
/// `CAP_SYS_NICE` or a limit of nice values that allows it; without either it is an ordinary thread.
///
/// # Errors
/// When the operating system gives no thread.
pub(crate) fn spawn_media(name: String, body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    let raised = move || {
        raise();
        body();
    };
    Builder::new().name(name).spawn(raised)
}

/// On Linux a nice value belongs to the thread (sched(7), "The nice value"); elsewhere it would be the whole process's. It
/// counts within the thread's group, which for a session of a shell is that session (sched(7), "The autogroup feature").
#[cfg(target_os = "linux")]
fn raise() {
    use rustix::process::setpriority_process;
    use rustix::thread::gettid;
    if let Err(error) = setpriority_process(Some(gettid()), NICE) {
        tracing::debug!(%error, "this media thread has ordinary priority; CAP_SYS_NICE would let it go first");
    }
}

#[cfg(not(target_os = "linux"))]
fn raise() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use rustix::process::getpriority_process;
    use rustix::thread::gettid;

    fn nice() -> i32 {
        getpriority_process(Some(gettid())).expect("a thread may ask for its own")
    }

    /// A user without the right must get an ordinary thread, and root one that goes first; both work.
    #[test]
    fn a_media_thread_runs_raised_or_as_it_was_and_nobody_else_is_raised() {
        let before = nice();
        let (tell, told) = std::sync::mpsc::channel();
        let thread =
            spawn_media("media".to_owned(), move || tell.send(nice()).expect("the test listens")).expect("one");
        let inside = told.recv().expect("the body runs");
        thread.join().expect("it ends");
        assert!(inside == NICE || inside == before, "{inside}");
        let allowed = std::thread::spawn(|| rustix::process::setpriority_process(Some(gettid()), NICE).is_ok());
        assert_eq!(inside == NICE, allowed.join().expect("it ends") || before == NICE);
        assert_eq!(nice(), before);
    }
}
