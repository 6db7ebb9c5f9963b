//! pages
pub(crate) fn built() -> bool {
    true
}
