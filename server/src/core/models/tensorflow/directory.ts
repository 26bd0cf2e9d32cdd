import type { DirectoryFormat } from '../../scanner';

const OWN =
  /^(?:saved_model\.pb(?:txt)?|keras_metadata\.pb|fingerprint\.pb|variables\/.+|assets\/.+|assets\.extra\/.+)$/;

/** A SavedModel folder: https://www.tensorflow.org/guide/saved_model#the_savedmodel_format_on_disk */
export const SAVED_MODEL_DIRECTORY: DirectoryFormat = {
  id: 'savedmodel',
  title: 'TensorFlow SavedModel folder',
  claim(files) {
    if (!files.some((file) => file === 'saved_model.pb' || file === 'saved_model.pbtxt')) return undefined;
    const own = files.filter((file) => OWN.test(file));
    // One file on its own is told as that file.
    return own.length > 1 ? own.sort() : undefined;
  },
};
