//! One operation while its handler's types describe it.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::super::cases::Case;
use super::events::MESSAGE;
use super::schemas::{Schemas, reference};

/// Whether an operation needs a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::api) enum Token {
    /// It takes none.
    #[default]
    None,
    /// It goes without, and may show or allow more with one.
    Optional,
    /// Not without.
    Required,
}

/// What is known of an operation so far.
pub(in crate::api) struct Sketch<'a> {
    /// GET, POST, …
    pub(super) method: String,
    /// Of the query and of headers; those of the path are read from the path.
    pub(super) parameters: Vec<Value>,
    pub(super) body: Option<Value>,
    /// By status: what is answered when it went well.
    pub(super) answers: BTreeMap<u16, Value>,
    /// What it may be refused with.
    pub(super) cases: BTreeSet<Case>,
    pub(super) token: Token,
    /// Further fields of the operation (`x-…`).
    pub(super) extensions: Map<String, Value>,
    pub(super) schemas: &'a mut Schemas,
}

impl<'a> Sketch<'a> {
    pub(super) fn new(method: &str, schemas: &'a mut Schemas) -> Self {
        Self {
            method: method.to_owned(),
            parameters: Vec::new(),
            body: None,
            answers: BTreeMap::new(),
            cases: BTreeSet::new(),
            token: Token::None,
            extensions: Map::new(),
            schemas,
        }
    }

    /// It may be refused with these.
    pub(in crate::api) fn may(&mut self, cases: &[Case]) {
        self.cases.extend(cases);
    }

    /// It takes a token so; the strictest of what its arguments say counts.
    pub(in crate::api) fn token(&mut self, token: Token) {
        self.token = self.token.max(token);
    }

    /// Whether it changes something.
    pub(super) fn is_command(&self) -> bool {
        !["GET", "HEAD", "OPTIONS"].contains(&self.method.as_str())
    }

    /// It takes a JSON body of this type.
    pub(super) fn json_body<T: JsonSchema>(&mut self) {
        let schema = self.schemas.input::<T>();
        let required = self.schemas.needs_fields(&schema);
        self.body = Some(json!({"required": required, "content": {"application/json": {"schema": schema}}}));
    }

    /// It takes a body of one of these media types.
    pub(in crate::api) fn body_of(&mut self, media_types: &[&str], schema: &Value) {
        let content: Map<String, Value> =
            media_types.iter().map(|media_type| ((*media_type).to_owned(), json!({"schema": schema}))).collect();
        self.body = Some(json!({"required": true, "content": content}));
    }

    /// It takes a body of text.
    pub(in crate::api) fn text_body(&mut self, media_type: &str, description: &str, example: &str) {
        let schema = json!({"type": "string", "description": description, "examples": [example]});
        self.body = Some(json!({"required": true, "content": {media_type: {"schema": schema}}}));
    }

    /// It reads the fields of this type from the query.
    pub(super) fn query<T: JsonSchema>(&mut self) {
        let fields = self.schemas.fields_of::<T>();
        let parameters = fields.into_iter().map(|(name, required, mut schema)| {
            let description = schema.as_object_mut().and_then(|words| words.remove("description"));
            let examples = schema.pointer("/examples/0").cloned();
            let mut parameter = json!({"name": name, "in": "query", "required": required, "schema": schema});
            description.into_iter().for_each(|description| parameter["description"] = description);
            examples.into_iter().for_each(|example| parameter["example"] = example);
            parameter
        });
        self.parameters.extend(parameters);
    }

    /// It reads this header.
    pub(in crate::api) fn header(&mut self, name: &str, required: bool, schema: &Value, description: &str) {
        let header =
            json!({"name": name, "in": "header", "required": required, "schema": schema, "description": description});
        self.parameters.push(header);
    }

    /// It is answered so, without a body.
    pub(in crate::api) fn answer(&mut self, status: u16, description: &str) {
        self.answers.insert(status, json!({"description": description}));
    }

    /// It is answered with JSON of this type.
    pub(super) fn json_answer<T: JsonSchema>(&mut self, status: u16, description: &str) {
        let schema = self.schemas.output::<T>();
        let content = json!({"application/json": {"schema": schema}});
        self.answers.insert(status, json!({"description": description, "content": content}));
    }

    /// It is answered with text.
    pub(in crate::api) fn text_answer(&mut self, status: u16, description: &str, media_type: &str, example: &str) {
        let schema = json!({"type": "string", "examples": [example]});
        let content = json!({media_type: {"schema": schema}});
        self.answers.insert(status, json!({"description": description, "content": content}));
    }

    /// The answer with this status has this header.
    pub(in crate::api) fn answer_header(&mut self, status: u16, name: &str, required: bool, about: (&str, &str)) {
        let (description, example) = about;
        let header = json!({"description": description, "required": required,
            "schema": {"type": "string"}, "example": example});
        if let Some(answer) = self.answers.get_mut(&status) {
            answer["headers"][name] = header;
        }
    }

    /// It opens a socket whose first message is this; `about` says the rest.
    pub(in crate::api) fn first_message<T: JsonSchema>(&mut self, mut about: Value) {
        drop(self.schemas.output::<T>());
        about["messages"] = reference(MESSAGE);
        self.extension("x-websocket", about);
    }

    /// The operation has this further field; its name begins with `x-`.
    pub(super) fn extension(&mut self, name: &str, value: Value) {
        self.extensions.insert(name.to_owned(), value);
    }
}
