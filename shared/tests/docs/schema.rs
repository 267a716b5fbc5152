//! JSON Schema (draft 2020-12) of every frame, from the tables in the code.

use serde_json::{Map, Value as Json, json};
use shared::{
    classic,
    command::Command,
    event::{Event, Reply},
    table::{Described, Form, Frame, Frames, Shape},
};

/// One schema: a frame is any of these. `$defs` has the four sets and the texts with rules.
pub(crate) fn schema() -> Json {
    let id = Some("Repeated by the reply.");
    let server = [set(Reply::FRAMES, id), set(Event::FRAMES, None)].concat();
    let sets = [
        ("hubbub.v1-client", "What a client sends on hubbub.v1", set(Command::FRAMES, id)),
        ("hubbub.v1-server", "What a node sends on hubbub.v1", server),
        ("classic-client", "What a classic client sends", set(classic::Command::FRAMES, None)),
        ("classic-server", "What a classic client receives", set(classic::Answer::FRAMES, None)),
    ];
    let mut definitions = Map::new();
    for (name, description, frames) in sets {
        definitions.insert(name.to_owned(), json!({ "description": description, "anyOf": frames }));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The frames of Hubbub",
        "description": "Whoever reads a frame ignores the fields, words and kinds that it does not know.",
        "anyOf": SETS.map(|set| json!({ "$ref": format!("#/$defs/{set}") })),
        "$defs": definitions,
    })
}

/// The names of the sets in `$defs`.
const SETS: [&str; 4] = ["hubbub.v1-client", "hubbub.v1-server", "classic-client", "classic-server"];

fn set(frames: &[Frame], id: Option<&str>) -> Vec<Json> {
    // `unknown` stands for what a reader does not know; nobody sends it.
    frames.iter().filter(|frame| frame.tag != "unknown").map(|frame| whole(frame, id)).collect()
}

fn whole(frame: &Frame, id: Option<&str>) -> Json {
    let mut object = Object::default();
    if let Some(doc) = id {
        object.add("id", json!({ "type": "integer", "minimum": 0, "description": doc }), true);
    }
    object.add("type", json!({ "const": frame.tag }), true);
    object.describe(frame.fields, true);
    let mut schema = object.end();
    schema["title"] = json!(frame.tag);
    schema["description"] = json!(frame.doc.trim());
    schema
}

#[derive(Default)]
struct Object {
    properties: Map<String, Json>,
    required: Vec<String>,
    conditions: Vec<Json>,
}

impl Object {
    fn add(&mut self, name: &str, schema: Json, required: bool) {
        self.properties.insert(name.to_owned(), schema);
        if required {
            self.required.push(name.to_owned());
        }
    }

    fn describe(&mut self, fields: &[Described], required: bool) {
        for Described { name, doc, shape } in fields {
            match shape {
                Shape::Flat { fields, optional } => self.describe(fields, required && !optional),
                Shape::OneOf(sides) => {
                    let any: Vec<Json> =
                        sides.iter().map(|side| json!({ "required": [side.name] })).collect();
                    self.describe(sides, false);
                    self.conditions.push(json!({ "anyOf": any }));
                }
                Shape::Tagged { key, frames } => self.kinds(key, frames),
                Shape::Optional(inner) => self.add(name, described(inner, doc), false),
                other => self.add(name, described(other, doc), required),
            }
        }
    }

    /// What follows from each kind. Other kinds are allowed, and nothing follows from them.
    fn kinds(&mut self, key: &str, frames: &[Frame]) {
        self.add(key, json!({ "type": "string" }), false);
        for frame in frames.iter().filter(|frame| frame.tag != "unknown") {
            let condition = if frame.tag.is_empty() {
                json!({ "not": { "required": [key] } })
            } else {
                json!({ "required": [key], "properties": { key: { "const": frame.tag } } })
            };
            let mut then = Object::default();
            then.describe(frame.fields, true);
            self.conditions.push(json!({ "if": condition, "then": then.end() }));
        }
    }

    fn end(self) -> Json {
        let mut schema =
            json!({ "type": "object", "properties": self.properties, "required": self.required });
        if !self.conditions.is_empty() {
            schema["allOf"] = json!(self.conditions);
        }
        schema
    }
}

fn described(shape: &Shape, doc: &str) -> Json {
    let mut schema = one(shape);
    if schema.get("description").is_none() {
        schema["description"] = json!(doc.trim());
    }
    schema
}

fn one(shape: &Shape) -> Json {
    match shape {
        Shape::Text => json!({ "type": "string" }),
        Shape::Rule(rule, form) => rule_schema(rule, *form),
        Shape::Word(words) => json!({ "type": "string", "examples": words }),
        Shape::Number => json!({ "type": "integer", "minimum": 0 }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::List(inner) => json!({ "type": "array", "items": one(inner) }),
        Shape::Object(fields) => {
            let mut object = Object::default();
            object.describe(fields, true);
            object.end()
        }
        Shape::Optional(_) | Shape::Flat { .. } | Shape::OneOf(_) | Shape::Tagged { .. } => {
            panic!("{shape:?} is no type of one field")
        }
    }
}

fn rule_schema(rule: &str, form: Form) -> Json {
    match form {
        Form::Chars(most) => json!({ "type": "string", "title": rule, "minLength": 1, "maxLength": most }),
        Form::Bytes(most) => json!({ "type": "string", "title": rule, "minLength": 1, "maxLength": most,
            "description": format!("At most {most} bytes of UTF-8.") }),
        Form::Class(class, most) => {
            json!({ "type": "string", "title": rule, "pattern": format!("^{class}{{1,{most}}}$") })
        }
    }
}

/// Whether a value fits a schema, as far as the schemas made here go. Patterns are left to the readers' tests.
pub(crate) fn fits(schema: &Json, value: &Json) -> bool {
    let all =
        |list: &Json, test: &dyn Fn(&Json) -> bool| list.as_array().is_none_or(|list| list.iter().all(test));
    let kind = match schema["type"].as_str() {
        None => true,
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64(),
        Some("boolean") => value.is_boolean(),
        Some(other) => panic!("no test for the type {other}"),
    };
    let chars = value.as_str().map(|text| text.chars().count() as u64);
    let long = chars.is_none_or(|chars| {
        chars >= schema["minLength"].as_u64().unwrap_or(0)
            && chars <= schema["maxLength"].as_u64().unwrap_or(u64::MAX)
    });
    let constant = schema.get("const").is_none_or(|constant| constant == value);
    let required = all(&schema["required"], &|name| value.get(name.as_str().expect("text")).is_some());
    let properties = schema["properties"].as_object().is_none_or(|properties| {
        properties.iter().all(|(name, schema)| value.get(name).is_none_or(|value| fits(schema, value)))
    });
    let items = schema.get("items").is_none_or(|schema| all(value, &|item| fits(schema, item)));
    let branches = all(&schema["allOf"], &|schema| fits(schema, value))
        && schema["anyOf"].as_array().is_none_or(|any| any.iter().any(|schema| fits(schema, value)))
        && schema.get("not").is_none_or(|schema| !fits(schema, value));
    let condition =
        schema.get("if").is_none_or(|condition| !fits(condition, value) || fits(&schema["then"], value));
    kind && long && constant && required && properties && items && branches && condition
}
