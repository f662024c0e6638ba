"""What a key does: one small class a command. Bindings, key line, help and palette are all made from them."""
