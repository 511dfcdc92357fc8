"""Aspose: tokens, a storage of files, and the conversion of documents."""
