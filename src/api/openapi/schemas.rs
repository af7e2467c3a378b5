//! JSON Schemas of the types on the wire, by the same attributes that serde reads.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

/// Where the document keeps them.
const COMPONENTS: &str = "#/components/schemas/";

/// The schemas met so far. What is read and what is written differ: an optional field is always written.
pub(super) struct Schemas {
    input: SchemaGenerator,
    output: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Self {
        // JSON Schema 2020-12 is what OpenAPI 3.1 is based on.
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
        Self {
            input: settings.clone().for_deserialize().into_generator(),
            output: settings.for_serialize().into_generator(),
        }
    }

    /// The schema of something that is read: a reference where the type has a name.
    pub(super) fn input<T: JsonSchema>(&mut self) -> Value {
        self.input.subschema_for::<T>().to_value()
    }

    /// The schema of something that is written.
    pub(super) fn output<T: JsonSchema>(&mut self) -> Value {
        self.output.subschema_for::<T>().to_value()
    }

    /// Name, whether it is required, and schema of each field of a type that is read.
    pub(super) fn fields_of<T: JsonSchema>(&mut self) -> Vec<(String, bool, Value)> {
        let schema = T::json_schema(&mut self.input).to_value();
        let required = |name: &String| {
            schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one.as_str() == Some(name)))
        };
        let fields = schema["properties"].as_object().into_iter().flatten();
        fields.map(|(name, field)| (name.clone(), required(name), field.clone())).collect()
    }

    /// Whether something that is read has fields that must be there, so that an empty body would not do.
    pub(super) fn needs_fields(&self, schema: &Value) -> bool {
        let named = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix(COMPONENTS));
        let schema = named.and_then(|name| self.input.definitions().get(name)).unwrap_or(schema);
        schema["required"].as_array().is_some_and(|required| !required.is_empty())
    }

    /// Of something that is written, the definition itself.
    pub(super) fn definition(&self, name: &str) -> Option<&Value> {
        self.output.definitions().get(name)
    }

    /// All that have a name. A type that is both read and written must look the same both ways.
    pub(super) fn into_components(mut self) -> Map<String, Value> {
        let mut all = self.input.take_definitions(true);
        for (name, schema) in self.output.take_definitions(true) {
            let before = all.insert(name.clone(), schema.clone());
            debug_assert!(before.is_none_or(|before| before == schema), "two schemas are called {name}");
        }
        all
    }
}

/// A reference to a schema by its name.
pub(super) fn reference(name: &str) -> Value {
    serde_json::json!({"$ref": format!("{COMPONENTS}{name}")})
}

/// The name that a reference names.
pub(super) fn name_in(reference: &Value) -> Option<&str> {
    reference["$ref"].as_str()?.strip_prefix(COMPONENTS)
}
