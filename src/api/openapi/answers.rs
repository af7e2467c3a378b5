//! What the return types of handlers say about answers.

use axum::Json;
use schemars::JsonSchema;

use super::super::answers::{Created, Done, Fresh, Made};
use super::super::cases::Case;
use super::super::problem::Problem;
use super::Document;
use super::handler::Answers;
use super::sketch::Sketch;

impl<T: Answers> Answers for Result<T, Problem> {
    fn describe(sketch: &mut Sketch<'_>) {
        T::describe(sketch);
        // What asking the control thread may come to, whatever is asked.
        sketch.may(&[Case::Internal, Case::Overloaded, Case::Draining]);
        if sketch.is_command() {
            sketch.may(&[Case::NotStored]);
        }
    }
}

impl<T: JsonSchema> Answers for Json<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.json_answer::<T>(200, "Done, or found.");
    }
}

impl<T: JsonSchema> Answers for Fresh<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.json_answer::<T>(200, "As it is now.");
        sketch.answer_header(200, "Cache-Control", true, ("It is old at once.", "no-store"));
    }
}

impl<T: JsonSchema> Answers for Created<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.json_answer::<T>(201, "Created.");
        sketch.answer_header(201, "Location", true, ("Its address.", "/v1/…"));
    }
}

impl<T: JsonSchema> Answers for Made<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.json_answer::<T>(201, "Created.");
    }
}

impl Answers for Done {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.answer(204, "Done; there is nothing to tell.");
    }
}

impl Answers for Document {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.text_answer(200, "This document.", "application/json", "{}");
        sketch.answers.entry(200).and_modify(|answer| {
            answer["content"]["application/json"]["schema"] =
                serde_json::json!({"type": "object", "description": "OpenAPI 3.1.", "additionalProperties": true});
        });
    }
}
