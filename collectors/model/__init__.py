"""The records that every source gives, parsing makes and the store keeps."""
