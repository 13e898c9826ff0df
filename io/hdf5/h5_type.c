/* Converts between h5_type and the types of HDF5, in memory and in files. */
#include "io/hdf5/h5_private.h"

size_t h5_row_bytes(const h5_column *c) {
  static const size_t SIZES[] = {0, 1, 4, 8, 8, 4, 8, 0};
  size_t one = c->type == H5_TEXT ? (c->width > 0 ? (size_t)c->width : sizeof(char *)) : SIZES[c->type];
  return one * (size_t)(c->matrix ? c->columns : 1);
}

hid_t h5_memory_type(h5_type type, int width) {
  switch (type) {
  case H5_U8:
    return H5Tcopy(H5T_NATIVE_UINT8);
  case H5_I32:
    return H5Tcopy(H5T_NATIVE_INT32);
  case H5_I64:
    return H5Tcopy(H5T_NATIVE_INT64);
  case H5_U64:
    return H5Tcopy(H5T_NATIVE_UINT64);
  case H5_F32:
    return H5Tcopy(H5T_NATIVE_FLOAT);
  case H5_F64:
    return H5Tcopy(H5T_NATIVE_DOUBLE);
  case H5_TEXT: {
    hid_t t = H5Tcopy(H5T_C_S1);
    H5Tset_size(t, width > 0 ? (size_t)width : H5T_VARIABLE);
    H5Tset_strpad(t, width > 0 ? H5T_STR_NULLPAD : H5T_STR_NULLTERM);
    H5Tset_cset(t, H5T_CSET_UTF8);
    return t;
  }
  case H5_NONE:
    break;
  }
  return H5I_INVALID_HID;
}

hid_t h5_file_type(h5_type type, int width) {
  hid_t t = h5_memory_type(type, width);
  if (t >= 0 && type != H5_TEXT && type != H5_U8)
    H5Tset_order(t, H5T_ORDER_LE);
  return t;
}

hid_t h5_memory_type_for(hid_t stored, h5_type type, int width) {
  hid_t t = h5_memory_type(type, width);
  if (t >= 0 && type == H5_TEXT)
    H5Tset_cset(t, H5Tget_cset(stored)); /* HDF5 does not convert between ASCII and UTF-8, which contains it */
  return t;
}

h5_type h5_type_of(hid_t type, int *width) {
  *width = 0;
  size_t size = H5Tget_size(type);
  switch (H5Tget_class(type)) {
  case H5T_INTEGER:
    if (size == 8)
      return H5Tget_sign(type) == H5T_SGN_NONE ? H5_U64 : H5_I64;
    if (size == 4)
      return H5Tget_sign(type) == H5T_SGN_NONE ? H5_I64 : H5_I32;
    if (size == 1 && H5Tget_sign(type) == H5T_SGN_NONE)
      return H5_U8;
    return size < 4 ? H5_I32 : H5_NONE;
  case H5T_FLOAT:
    return size <= 4 ? H5_F32 : size == 8 ? H5_F64 : H5_NONE;
  case H5T_ENUM: /* bool, as h5py writes it; HDF5 converts it to numbers */
    return size == 1 ? H5_U8 : H5_NONE;
  case H5T_STRING:
    if (H5Tis_variable_str(type) > 0)
      return H5_TEXT;
    *width = size <= H5_TEXT_MAX ? (int)size : 0;
    return *width > 0 ? H5_TEXT : H5_NONE;
  default:
    return H5_NONE;
  }
}
