//! Which content codings a client takes: RFC 9110, section 12.5.3.

use axum::http::{HeaderMap, header};

/// Whether a client takes a coding (`gzip`, `br`, `zstd`). Without the header it takes none: old tools that send nothing unpack nothing.
pub(super) fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let mut any = false;
    for value in headers.get_all(header::ACCEPT_ENCODING) {
        for part in value.to_str().unwrap_or("").split(',') {
            let (name, weight) = part.split_once(';').unwrap_or((part, ""));
            let wanted = weight.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f64>().ok()).is_none_or(|q| q > 0.0);
            let name = name.trim();
            if name.eq_ignore_ascii_case(coding) || (coding == "gzip" && name.eq_ignore_ascii_case("x-gzip")) {
                return wanted;
            }
            any |= name == "*" && wanted;
        }
    }
    any
}

/// Whether an `If-None-Match` holds an entity tag or `*`.
pub(super) fn has_tag(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|v| v.to_str().ok());
    values.flat_map(|v| v.split(',')).map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn weights_and_the_star_are_read() {
        for (value, gzip, br) in [
            ("gzip, deflate, br, zstd", true, true),
            ("gzip;q=0, br", false, true),
            ("gzip; q=0.5", true, false),
            ("identity", false, false),
            ("", false, false),
            ("*", true, true),
            ("*;q=0", false, false),
            ("br;q=0, *", true, false),
            ("GZIP;q=1.0", true, false),
            ("gzipped", false, false),
        ] {
            let headers = headers(header::ACCEPT_ENCODING, value);
            assert_eq!((accepts(&headers, "gzip"), accepts(&headers, "br")), (gzip, br), "{value}");
        }
        assert!(!accepts(&HeaderMap::new(), "gzip"));
    }

    #[test]
    fn a_tag_is_found_among_several() {
        let asked = headers(header::IF_NONE_MATCH, "\"a\", W/\"b\"");
        assert!(has_tag(&asked, "\"a\"") && has_tag(&asked, "\"b\"") && !has_tag(&asked, "\"c\""));
        assert!(has_tag(&headers(header::IF_NONE_MATCH, "*"), "\"c\""));
        assert!(!has_tag(&HeaderMap::new(), "\"c\""));
    }
}
