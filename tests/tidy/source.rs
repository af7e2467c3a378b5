//! One Rust file as the rules see it: the paths it names (imports resolved), the methods it calls, its `unsafe`, its
//! functions. Items under `#[cfg(test)]` and `#[test]` are left out; macro bodies are read token by token.

use std::collections::BTreeMap;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

/// A path as written, then resolved through the imports of its file: `Instant::now` → `std::time::Instant::now`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
}

/// A function and how many lines it takes, signature to closing brace.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

/// What the rules need to know of one file.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Path from the repository's root, with `/`.
    pub(crate) file: String,
    pub(crate) named: Vec<Named>,
    /// (method, line) of each call without arguments.
    pub(crate) bare_calls: Vec<(String, usize)>,
    pub(crate) unsafe_lines: Vec<usize>,
    pub(crate) functions: Vec<Function>,
    /// Modules declared by `#[cfg(test)] mod name;`.
    test_modules: Vec<TestModule>,
}

/// Where the code of a `#[cfg(test)] mod name;` lies.
#[derive(Clone, Debug)]
enum TestModule {
    /// At the usual place for its name.
    Named(String),
    /// Where `#[path = "…"]` says, from the folder of the declaring file.
    At(String),
}

impl Source {
    pub(crate) fn parse(file: &str, text: &str) -> Result<Self, String> {
        let tree = syn::parse_file(text).map_err(|error| format!("{file}: does not parse: {error}"))?;
        let mut reader = Reader { module: module_path(file), ..Reader::default() };
        reader.visit_file(&tree);
        let named = reader.named.iter().map(|(named, module)| resolve(named, module, &reader.imports)).collect();
        Ok(Self {
            file: file.to_owned(),
            named,
            bare_calls: reader.bare_calls,
            unsafe_lines: reader.unsafe_lines,
            functions: reader.functions,
            test_modules: reader.test_modules,
        })
    }

    /// Is this file `stem.rs`, or below the folder `stem/`?
    pub(crate) fn is_under(&self, stem: &str) -> bool {
        self.file.strip_prefix(stem).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    }
}

/// Stems (`src/live/tests`) of all modules that are compiled for tests alone.
pub(crate) fn test_only_files(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .flat_map(|source| {
            let stem = source.file.strip_suffix(".rs").unwrap_or(&source.file);
            let folder = stem.rsplit_once('/').map_or("", |(folder, _)| folder);
            let own = match stem.rsplit_once('/') {
                Some((folder, "mod" | "lib" | "main")) => folder,
                _ => stem,
            };
            source.test_modules.iter().map(move |module| match module {
                TestModule::Named(name) => format!("{own}/{name}"),
                TestModule::At(path) => format!("{folder}/{}", path.trim_end_matches(".rs")),
            })
        })
        .collect()
}

/// `src/engine/shard.rs` → `[engine, shard]`, `media/src/lib.rs` → `[]`.
pub(crate) fn module_path(file: &str) -> Vec<String> {
    let inside = file.strip_prefix("media/").unwrap_or(file);
    let stem = inside.strip_prefix("src/").unwrap_or(inside).trim_end_matches(".rs");
    let mut path: Vec<String> = stem.split('/').map(str::to_owned).collect();
    if path.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main")) {
        path.pop();
    }
    path
}

/// Follows `crate`, `self`, `super` and the file's imports to a path from a crate's root.
fn resolve(named: &Named, module: &[String], imports: &BTreeMap<String, Vec<String>>) -> Named {
    let mut segments = named.segments.clone();
    if let Some(import) = segments.first().and_then(|first| imports.get(first)) {
        segments.splice(..1, import.iter().cloned());
    }
    let mut here = module.to_vec();
    let mut relative = false;
    while let Some(first) = segments.first() {
        match first.as_str() {
            "self" => {}
            "super" => {
                here.pop();
            }
            _ => break,
        }
        relative = true;
        segments.remove(0);
    }
    if relative {
        let mut absolute = vec!["crate".to_owned()];
        absolute.append(&mut here);
        absolute.append(&mut segments);
        segments = absolute;
    }
    Named { segments, line: named.line }
}

/// `r#try` → `try`.
fn plain(ident: &proc_macro2::Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map(str::to_owned).unwrap_or(text)
}

fn line_of(span: Span) -> usize {
    span.start().line
}

/// Is the item compiled for tests alone?
fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        if path.is_ident("test") {
            return true;
        }
        let syn::Meta::List(list) = &attribute.meta else { return false };
        let tokens = list.tokens.to_string().replace(' ', "");
        path.is_ident("cfg") && (tokens == "test" || tokens.starts_with("all(test,"))
    })
}

/// What `#[path = "…"]` says.
fn path_attribute(attributes: &[syn::Attribute]) -> Option<String> {
    let attribute = attributes.iter().find(|attribute| attribute.path().is_ident("path"))?;
    let syn::Expr::Lit(value) = &attribute.meta.require_name_value().ok()?.value else { return None };
    let syn::Lit::Str(text) = &value.lit else { return None };
    Some(text.value())
}

#[derive(Default)]
struct Reader {
    /// Module we are in, deeper inside inline `mod`s.
    module: Vec<String>,
    /// Paths as written, each with the module that wrote it.
    named: Vec<(Named, Vec<String>)>,
    /// Name in this file → what an import says it is.
    imports: BTreeMap<String, Vec<String>>,
    bare_calls: Vec<(String, usize)>,
    unsafe_lines: Vec<usize>,
    functions: Vec<Function>,
    test_modules: Vec<TestModule>,
}

impl Reader {
    fn name(&mut self, segments: Vec<String>, line: usize) {
        // One segment is a variable or something local.
        if segments.len() > 1 {
            self.named.push((Named { segments, line }, self.module.clone()));
        }
    }

    fn function(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let (first, last) = (line_of(signature.span()), block.brace_token.span.close().end().line);
        let lines = (last + 1).saturating_sub(first);
        self.functions.push(Function { name: signature.ident.to_string(), line: first, lines });
    }

    /// Walks a `use` tree; a leaf is both named here and known under its last segment or its `as`.
    fn import(&mut self, tree: &syn::UseTree, before: &[String]) {
        let with = |ident: &proc_macro2::Ident| {
            let mut path = before.to_vec();
            if ident != "self" || before.is_empty() {
                path.push(plain(ident));
            }
            path
        };
        match tree {
            syn::UseTree::Path(path) => self.import(&path.tree, &with(&path.ident)),
            syn::UseTree::Name(name) => self.leaf(with(&name.ident), None, line_of(name.ident.span())),
            syn::UseTree::Rename(rename) => {
                self.leaf(with(&rename.ident), Some(plain(&rename.rename)), line_of(rename.ident.span()));
            }
            syn::UseTree::Glob(glob) => {
                let mut path = before.to_vec();
                path.push("*".to_owned());
                self.name(path, line_of(glob.star_token.span()));
            }
            syn::UseTree::Group(group) => {
                for item in &group.items {
                    self.import(item, before);
                }
            }
        }
    }

    fn leaf(&mut self, path: Vec<String>, rename: Option<String>, line: usize) {
        let known_as = rename.or_else(|| path.last().cloned()).unwrap_or_default();
        // `use rtc;` is one segment, yet names the crate.
        let mut named = path.clone();
        if named.len() == 1 {
            named.push("*".to_owned());
        }
        self.name(named, line);
        if path.first() != Some(&known_as) {
            let absolute = resolve(&Named { segments: path, line }, &self.module, &BTreeMap::new());
            self.imports.insert(known_as, absolute.segments);
        }
    }

    /// What a macro's body names: `a::b` sequences, `.method()` and `unsafe`, as far as tokens show it.
    fn tokens(&mut self, tokens: TokenStream) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < trees.len() {
            match &trees[at] {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(ident) if ident == "unsafe" => self.unsafe_lines.push(line_of(ident.span())),
                TokenTree::Ident(ident) => {
                    let (path, next) = path_in_tokens(&trees, at);
                    let empty = |tree: Option<&TokenTree>| matches!(tree, Some(TokenTree::Group(group)) if group.stream().is_empty());
                    if at > 0 && is_punct(&trees[at - 1], '.') && empty(trees.get(next)) {
                        self.bare_calls.push((plain(ident), line_of(ident.span())));
                    }
                    self.name(path, line_of(ident.span()));
                    at = next;
                    continue;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            at += 1;
        }
    }
}

fn is_punct(tree: &TokenTree, wanted: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

/// The `a::b::c` that starts at `at`, and the index after it.
fn path_in_tokens(trees: &[TokenTree], at: usize) -> (Vec<String>, usize) {
    let mut path = Vec::new();
    let mut next = at;
    while let Some(TokenTree::Ident(ident)) = trees.get(next) {
        path.push(plain(ident));
        next += 1;
        match trees.get(next..next + 3) {
            Some([first, second, TokenTree::Ident(_)]) if is_punct(first, ':') && is_punct(second, ':') => next += 2,
            _ => break,
        }
    }
    (path, next)
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if is_for_tests(attributes_of(item)) {
            if let syn::Item::Mod(module) = item
                && module.content.is_none()
            {
                let at = path_attribute(&module.attrs).map(TestModule::At);
                self.test_modules.push(at.unwrap_or_else(|| TestModule::Named(plain(&module.ident))));
            }
            return;
        }
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        self.module.push(plain(&module.ident));
        visit::visit_item_mod(self, module);
        self.module.pop();
    }

    fn visit_item_use(&mut self, import: &'ast syn::ItemUse) {
        self.import(&import.tree, &[]);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        self.name(vec![plain(&item.ident), "*".to_owned()], line_of(item.ident.span()));
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if is_for_tests(&function.attrs) {
            return;
        }
        self.function(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.function(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_safety(&mut self, safety: &'ast syn::Safety) {
        if let syn::Safety::Unsafe(word) = safety {
            self.unsafe_lines.push(line_of(word.span()));
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if let Some(word) = &item.unsafety {
            self.unsafe_lines.push(line_of(word.span()));
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_expr_unsafe(&mut self, block: &'ast syn::ExprUnsafe) {
        self.unsafe_lines.push(line_of(block.unsafe_token.span()));
        visit::visit_expr_unsafe(self, block);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if call.args.is_empty() {
            self.bare_calls.push((plain(&call.method), line_of(call.method.span())));
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter().map(|segment| plain(&segment.ident)).collect();
        self.name(segments, line_of(path.span()));
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}

fn attributes_of(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        // `_`: what a later syn adds has no attributes we know of.
        syn::Item::ExternCrate(_)
        | syn::Item::ForeignMod(_)
        | syn::Item::TraitAlias(_)
        | syn::Item::Union(_)
        | syn::Item::Verbatim(_)
        | _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let source = Source::parse("src/engine/shard.rs", text).unwrap();
        source.named.iter().map(|named| named.segments.join("::")).collect()
    }

    #[test]
    fn imports_are_followed_through_groups_and_renames() {
        let seen = names("use std::time::{Duration, Instant as Moment}; fn f() { Moment::now(); }");
        assert_eq!(seen, ["std::time::Duration", "std::time::Instant", "std::time::Instant::now"]);
    }

    #[test]
    fn relative_paths_become_absolute() {
        assert_eq!(names("use super::super::api::Route;"), ["crate::api::Route"]);
        assert_eq!(names("mod inner { fn f() { super::g::h(); } }"), ["crate::engine::shard::g::h"]);
    }

    #[test]
    fn macro_bodies_are_read() {
        assert_eq!(names("fn f() { println!(\"{}\", crate::api::x()); }"), ["crate::api::x"]);
        let source = Source::parse("src/a.rs", "fn f() { dbg!(t.elapsed()); }").unwrap();
        assert_eq!(source.bare_calls, [("elapsed".to_owned(), 1)]);
    }

    #[test]
    fn test_code_is_left_out() {
        assert_eq!(names("#[cfg(test)] mod tests { use crate::api::X; }"), Vec::<String>::new());
        assert_eq!(names("#[cfg(not(test))] use crate::api::X;"), ["crate::api::X"]);
        let parent = Source::parse("src/live/mod.rs", "#[cfg(test)] mod model;").unwrap();
        assert_eq!(test_only_files(&[parent]), ["src/live/model"]);
        let parent = Source::parse("src/live/seat.rs", "#[cfg(test)] #[path = \"seat_tests.rs\"] mod tests;").unwrap();
        assert_eq!(test_only_files(&[parent]), ["src/live/seat_tests"]);
    }
}
