"""④ ⑤ ⑦ Orange tables: of image files, of embeddings, of chosen rows."""
