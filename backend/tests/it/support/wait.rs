//! Waiting with a deadline.

use std::time::Duration;

use tokio::time::{sleep, timeout};

/// Longest wait for anything that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for what must happen.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it must happen within the test's patience")
}

/// Polls until something is so.
pub(crate) async fn until(mut so: impl FnMut() -> bool) {
    within(async {
        while !so() {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
