//! What systemd is told (`Type=notify`, `WatchdogSec=`): ready, still alive, stopping. Without systemd nobody listens and nothing happens.

use sd_notify::NotifyState;

/// The server answers. From now on the watchdog is fed at half its time, by the same runtime that answers requests.
pub(super) fn ready() {
    tell(NotifyState::Ready);
    let Some(watchdog) = sd_notify::watchdog_enabled() else { return };
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(watchdog / 2).await;
            tell(NotifyState::Watchdog);
        }
    });
}

/// The server was asked to stop.
pub(super) fn stopping() {
    tell(NotifyState::Stopping);
}

fn tell(state: NotifyState<'_>) {
    if let Err(e) = sd_notify::notify(&[state]) {
        tracing::warn!("systemd could not be told: {e}");
    }
}
