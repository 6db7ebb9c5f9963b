//! What the handlers' own descriptions leave out of the API's description, because it is the same for all of them: what an error looks
//! like, which errors the middleware gives, and which members an answer has.

use serde_json::{Map, Value, json};

/// Members of each JSON answer: `name:type`, with `?` where it may be null. A test asks for a line for every address that answers JSON.
const ANSWERS: &[(&str, &str)] = &[
    ("post /api/v1/edits", "head:integer epoch:integer results:array"),
    ("get /api/v1/form", "token:string min_seconds:integer"),
    (
        "get /api/v1/actors/{id}",
        "id:string territory:string state:string fields:object versions:object version:array provenance:object places:array territories:array \
         source:object? licence:string created_at:string updated_at:string url:string related:array",
    ),
    ("get /api/v1/actors/{id}/history", "edits:array next:integer?"),
    ("get /api/v1/me", "name:string? role:string contributions:integer has_recovery:boolean"),
    ("get /api/v1/me/contributions", "edits:array next:integer?"),
    ("post /api/v1/me/recovery", "code:string"),
    ("post /api/v1/me/recover", "name:string role:string contributions:integer has_recovery:boolean"),
    ("post /api/v1/invitations", "name:string role:string contributions:integer has_recovery:boolean"),
    ("get /api/v1/territories", "territories:array total:integer next:integer?"),
    (
        "get /api/v1/territories/{slug}",
        "slug:string name:string kind:string code:string? population:integer? bbox:array? center:array? actors:integer to_check:integer counts:object \
         warning:string? boundary:object? inside:object quartiers:array candidates:integer basemap:object?",
    ),
    ("get /api/v1/territories/{slug}/history", "edits:array next:integer?"),
    ("get /api/v1/territories/{slug}/counts", "actors:integer to_check:integer themes:object"),
    ("get /api/v1/territories/{slug}/actors.geojson", "type:string features:array numberMatched:integer next:string?"),
    ("get /api/v1/territories/{slug}/pack", "epoch:integer head:integer actors:array addresses:array"),
    (
        "get /api/v1/territories/{slug}/statistics",
        "territory:object area:object? position:array at:string population:integer? actors:integer before:object? measures:array",
    ),
    ("get /api/v1/territories/{slug}/relations", "position:array actors:array relations:array left_out:integer"),
    ("get /api/v1/taxonomy", "themes:array"),
    ("get /api/v1/fields", "fields:object categories:integer places:integer precisions:array"),
    ("get /api/v1/search", "actors:array addresses:array categories:array candidates:array"),
    ("get /api/v1/nearby", "actors:array"),
    ("get /api/v1/duplicates", "actors:array candidates:array"),
    ("get /api/v1/changes", "epoch:integer head:integer after:integer upto:integer edits:array gone:array more:boolean features:array"),
    ("get /api/v1/geocode/search", "type:string version:string features:array attribution:string licence:string limit:integer query:string"),
    ("get /api/v1/geocode/reverse", "type:string version:string features:array attribution:string licence:string limit:integer"),
    ("get /tiles/actors/{slug}.json", "tilejson:string tiles:array"),
    ("get /tiles/base/{archive}.json", "tilejson:string tiles:array"),
    ("get /api/v1/territories/{slug}/imports", "runs:array next:string?"),
    ("post /api/v1/territories/{slug}/imports", RUN),
    ("get /api/v1/imports/{id}", RUN),
    ("get /api/v1/imports/{id}/items", "items:array next:integer?"),
    ("post /api/v1/imports/{id}/apply", RUN),
    ("post /api/v1/imports/{id}/undo", RUN),
    ("post /api/v1/imports/{id}/discard", RUN),
    ("get /api/v1/territories/{slug}/moderation", "items:array next:string? total:integer"),
    ("post /api/v1/moderation/{id}", "settled:boolean"),
    ("get /api/v1/territories/{slug}/seances", "seances:array"),
    ("get /api/v1/seances/{id}", SEANCE),
    ("get /api/v1/seances/{id}/door", DOOR),
    ("post /api/v1/seances/{id}/door", DOOR),
    ("post /api/v1/seances/join", "seance:object you:object"),
    ("get /api/v1/seances/{id}/participants", "participants:array"),
    ("post /api/v1/seances/{id}/participants/{participant}/revoke", "id:string nickname:string color:integer joined_at:string revoked_at:string?"),
    (
        "get /api/v1/seances/{id}/progress",
        "added:integer completed:integer confirmed:integer people:integer last:array coverage:object ends_at:string state:string",
    ),
    ("get /api/v1/seances/{id}/cells", "cells:array"),
    ("get /api/v1/seances/{id}/cells/next", "cell:object?"),
    (
        "get /api/v1/seances/{id}/minutes",
        "seance:object counts:object people:array others:object themes:array pieces:array outside:object actors:array",
    ),
    ("get /api/v1/seances/{id}/edits", "edits:array next:integer?"),
    ("post /api/v1/seances/{id}/undo", "reverted:integer kept:array lines:array"),
    ("get /api/v1/territories/{slug}/reports", "reports:array may:object"),
    ("get /api/v1/territories/{slug}/devices", "devices:array may:object"),
    ("get /api/v1/reports/{id}", REPORT),
    ("post /api/v1/reports/{id}/freeze", REPORT),
    ("post /api/v1/reports/{id}/remake", "id:string"),
    ("post /api/v1/reports/{id}/picture", "sha256:string"),
    ("get /api/v1/territories/{slug}/figures", "figures:array"),
    ("get /api/v1/figures/{id}", FIGURE),
    ("get /api/v1/figures/{id}/since", "position:array head:array added:array changed:array closed:array"),
    ("post /api/v1/figures/{id}/freeze", FIGURE),
    ("post /api/v1/figures/{id}/remake", "id:string"),
    ("post /api/v1/territories/{slug}/erasures", "actor:string figures:array reports:array"),
    ("get /api/v1/site", "publisher:string? contact:string? host:string? version:string"),
];

/// The members of a figure.
const FIGURE: &str = "id:string kind:string territory:object? area:object? fields:object versions:object version:array status:string author:string \
    created_at:string updated_at:string actors:integer state_line:string problem:string? frozen:object? since:object? licence:string sources:array \
    citation:string address:string may:object";

/// The members of a séance.
const SEANCE: &str = "id:string territory:object? fields:object versions:object version:array state:string deleted:boolean participants:integer you:object? \
    role:string created_at:string";

/// The members of a séance's door.
const DOOR: &str = "code:string? url:string? qr:object? expires_at:string screen_url:string?";

/// The members of a report.
const REPORT: &str = "id:string territory:object? fields:object versions:object version:array status:string frozen:object? author:string created_at:string \
    updated_at:string sections:array devices:array may:object";

/// The members of a run of an import.
const RUN: &str = "id:string territory:string source:string file:string kind:string? data_date:string? state:string progress:object? error:string? \
    created_at:string applied_at:string? undone_at:string? counts:object undo:object?";

/// What the middleware answers to whatever changes something, before a handler sees it.
const TO_WRITERS: &[(&str, &str)] = &[
    ("400", "Not understood"),
    ("403", "Sent by a page of another site"),
    ("408", "Sending took too long"),
    ("413", "More than 512 KiB"),
    ("415", "Not JSON, or compressed"),
    ("503", "Too much at once: come back after the seconds of Retry-After"),
    ("507", "The disk is full: nothing was changed"),
];

/// Completes the description that the handlers give.
pub(super) fn completed(mut api: Value) -> Value {
    let mut each = Map::new();
    std::mem::swap(&mut each, api["paths"].as_object_mut().unwrap_or(&mut Map::new()));
    for (path, operations) in &mut each {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            complete(operation, method, path);
        }
    }
    api["paths"] = each.into();
    api["components"]["schemas"]["Problem"] = json!({
        "type": "object",
        "description": "RFC 9457: `code` is stable, `detail` is a sentence in the language of whoever asked.",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}, "code": {"type": "string"},
            "detail": {"type": "string", "minLength": 1},
        },
    });
    api["components"]["schemas"]["Edit"] = edit();
    api["components"]["schemas"]["Body"]["properties"]["edits"] = json!({"type": "array", "description": "Applied in this order.", "minItems": 1, "maxItems": 100, "items": {"$ref": "#/components/schemas/Edit"}});
    api
}

fn complete(operation: &mut Value, method: &str, path: &str) {
    let queried = operation["parameters"].as_array().is_some_and(|all| all.iter().any(|p| p["in"] == "query"));
    let Some(answers) = operation["responses"].as_object_mut() else { return };
    if queried {
        answers.entry("400").or_insert_with(|| json!({"description": "Not understood"}));
    }
    for (status, words) in TO_WRITERS.iter().filter(|_| method == "post") {
        answers.entry(*status).or_insert_with(|| json!({"description": words}));
    }
    for (status, answer) in answers {
        if status.starts_with(['4', '5']) {
            answer["content"] = json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}});
        }
        let members = ANSWERS.iter().find(|(key, _)| *key == format!("{method} {path}")).map(|(_, members)| *members);
        if let (Some(members), "200" | "202") = (members, status.as_str()) {
            let kind = answer["content"].as_object().and_then(|c| c.keys().next().cloned()).unwrap_or_else(|| "application/json".into());
            answer["content"] = json!({kind: {"schema": schema(members)}});
        }
    }
}

fn schema(members: &str) -> Value {
    let all = || members.split_whitespace().filter_map(|m| m.split_once(':'));
    let properties: Map<String, Value> = all()
        .map(|(name, kind)| {
            let kind = kind.strip_suffix('?').map_or_else(|| json!(kind), |kind| json!([kind, "null"]));
            (name.to_owned(), json!({"type": kind}))
        })
        .collect();
    json!({"type": "object", "required": all().map(|(name, _)| name).collect::<Vec<_>>(), "properties": properties})
}

/// An edit as `model::Edit` reads it; the rules per field are those of `GET /api/v1/fields`.
fn edit() -> Value {
    let id = json!({"type": "string", "format": "uuid"});
    json!({
        "type": "object",
        "description": "One change to one subject. The id is made by the client: sending the same edit again has no second effect.",
        "required": ["id", "subject", "kind"],
        "additionalProperties": false,
        "properties": {
            "id": id,
            "subject": {"type": "object", "required": ["kind", "id"], "properties": {"kind": {"enum": ["actor", "territory", "seance", "cell", "figure", "report", "block", "device"]}, "id": id}},
            "kind": {"enum": ["create", "set", "add", "remove", "delete", "restore", "revert"]},
            "territory": {"type": ["string", "null"], "description": "Short address of the home territory; for `create` of an actor or a séance."},
            "set": {"type": "object", "description": "Field → new value; for `add` and `remove`, field → list of members."},
            "base": {
                "type": "object", "description": "The version seen of each field; `*` is the whole subject.",
                "additionalProperties": {"type": ["array", "null"], "items": {"type": "integer", "format": "int64"}, "minItems": 2, "maxItems": 2},
            },
            "reverts": {"type": ["integer", "null"], "format": "int64"},
            "group": {"type": ["string", "null"], "format": "uuid", "description": "Edits of one request with the same group are applied together or not at all."},
            "candidate": {"type": ["string", "null"], "format": "uuid"},
            "seance": {"type": ["string", "null"], "format": "uuid", "description": "Made as a participant of this séance: it must be open, joined by the author, and its area must hold the subject."},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_json_answer_is_described_and_every_line_describes_one() {
        let api = crate::http::ops::description();
        let mut described = Vec::new();
        for (path, operations) in api["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                let key = format!("{method} {path}");
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    let in_path = path.contains(&format!("{{{}}}", parameter["name"].as_str().unwrap()));
                    assert_eq!(parameter["in"], if in_path { "path" } else { "query" }, "{key}: {parameter}");
                }
                let other = operation["responses"]["200"]["content"].as_object().is_some_and(|c| {
                    c.keys().any(|k| k.contains("vector-tile") || k == "text/csv" || k.starts_with("image/") || k == "application/pdf")
                });
                let socket = operation["responses"]["101"].is_object();
                assert!(other || socket || ANSWERS.iter().any(|(k, _)| *k == key), "{key} needs a line in ANSWERS");
                described.push(key);
            }
        }
        assert!(ANSWERS.iter().all(|(key, _)| described.iter().any(|d| d == key)), "ANSWERS names an address that is not there");
    }
}
