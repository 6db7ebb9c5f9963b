//! Static maps: base map, territory, numbered actors, legend and index on one sheet, drawn without a browser.

pub mod base;
pub mod paint;
pub mod view;
