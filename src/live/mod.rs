//! Lives, connections and battles: sans-IO state machines, the rules of the product.
