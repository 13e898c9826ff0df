/* A model for other tools: NumPy arrays, CSV, and the HDF5 layout of ann-benchmarks. Local, in bounded memory. */
#ifndef PALATE_JOBS_SHOW_EXPORT_H
#define PALATE_JOBS_SHOW_EXPORT_H

#include "io/schema/model.h"

/* DIR/users_factors.npy float32 (n_users, k), users_id.npy fixed-width bytes (n_users), the same for items, and, if
 * the model has them, users_bias.npy, items_bias.npy, items_title.npy, items_tags.npy. The data begin at a multiple of
 * 64 bytes, so that numpy.load(…, mmap_mode="r") maps them. */
status export_npy(model *m, const char *dir);

/* DIR/users.csv: id[,bias],f0,…; DIR/items.csv: id[,title][,tags][,bias],f0,… with RFC 4180 quoting, and numbers that
 * read back to the same bits. */
status export_csv(model *m, const char *dir);

/* DIR/ann-benchmarks.hdf5: /train (n_items, d) and /test (at most 10,000 users, d) float32, /neighbors int32 and
 * /distances float32 (users, 100) with the exact answers, attributes distance = "angular", dimension, type. Best
 * preference is made nearest angle by one more dimension (Bachrach et al. 2014): an item has sqrt(M² - |y|²) there, M
 * being the largest norm, a user 0; with biases an item has one more column, its bias, and a user 1. */
status export_ann(model *m, const char *dir);

#endif
